"""What functions and webhooks are told, and what they answer."""
