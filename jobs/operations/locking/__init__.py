"""What operations on Object Lock share."""
