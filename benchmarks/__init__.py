"""Figures of speed and memory, printed as JSON with the machine in words; never asserted in tests."""
