"""Lists that are made by listing buckets."""
