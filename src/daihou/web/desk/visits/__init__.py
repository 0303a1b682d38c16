"""Visits, made for a phone: a day's route, check-in, photos, report; planning from a case."""
