"""Reads over all the apps below: project list, overview, class balance. No tables."""
