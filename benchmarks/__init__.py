"""Figures of speed and memory, as JSON with the machine in words; never asserted in tests."""
