"""One reader and writer per dataset format."""
