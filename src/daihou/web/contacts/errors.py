"""Errors of the app ``contacts``."""

from daihou.collect.guard import Decision
from daihou.errors import DaihouError


class ContactRefused(DaihouError):
    """A contact that may not be made. ``decision`` holds every reason and the next instant.

    It is None where the database refused what the guard had allowed.
    """

    def __init__(self, code: str, *, decision: Decision | None = None, **params: object) -> None:
        super().__init__(code, **params)
        self.decision = decision


class ContactFault(DaihouError):
    """A request that cannot be understood or a row that is not in the state for it."""
