"""The checks, by where the fault lies."""
