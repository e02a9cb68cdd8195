"""What Merge object tags is made of."""
