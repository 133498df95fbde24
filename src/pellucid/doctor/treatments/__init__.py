"""The treatments, by what they change."""
