"""What Move is made of, besides a copy and a deletion."""
