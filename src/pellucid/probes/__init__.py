"""Probes: numbers read off a network while it trains, without touching what it learns."""
