"""`make soak`: an installation that runs jobs for long while its parts are killed at random moments.

Not collected by pytest. docs/operating.md says how to read what it prints.
"""
