"""The append-only activity log that live updates read from."""
