"""Providers that behave like the real ones: they sign, come late, repeat themselves, err."""
