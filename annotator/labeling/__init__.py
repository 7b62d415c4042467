"""Selection rounds, tasks, annotations and current labels."""
