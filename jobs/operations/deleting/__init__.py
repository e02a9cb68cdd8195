"""What Delete objects is made of."""
