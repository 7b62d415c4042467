"""What the machine doubts: near-duplicates and their groups."""
