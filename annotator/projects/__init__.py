"""Projects, their members, classes and settings."""
