"""Visits, made for a phone: the day's route, check-in, photos, report; planning from a case."""
