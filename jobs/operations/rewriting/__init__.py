"""Writing an object anew in its place without losing what it has."""
