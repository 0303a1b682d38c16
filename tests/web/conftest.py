"""Tests of the Django side run on a real PostgreSQL; see tests/database.py."""

from tests.database import *  # noqa: F403
