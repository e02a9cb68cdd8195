"""What Copy is made of: its parameters and form, the ways of a copy (by the storage, in parts, through the
worker, onto itself), and how one is looked at."""
