"""Twins of providers on this machine, that misbehave as the real ones do."""
