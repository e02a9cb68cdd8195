"""Pages of access keys, with which clients of the REST API sign."""
