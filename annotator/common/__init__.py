"""Shared plumbing: errors as JSON, key pagination, binary responses, the array store and blob paths. No tables."""
