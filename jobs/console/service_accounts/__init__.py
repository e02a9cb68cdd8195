"""Pages of service accounts: accounts of programs."""
