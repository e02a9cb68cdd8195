"""What Compute checksum is made of."""
