"""The only image decoder: bounded, in a subprocess with memory and time limits."""
