"""What Replicate is made of."""
