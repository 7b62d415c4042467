"""The parts of a training run: its folder, its pictures, its evaluation and what it publishes."""
