"""The upkeep of the whole installation: what its admins see and start across all projects."""
