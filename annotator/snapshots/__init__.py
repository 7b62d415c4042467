"""Snapshots (frozen pictures, labels and splits) and the exports that are made of them."""
