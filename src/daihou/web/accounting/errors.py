"""What the general ledger refuses, by stable code. The lines are in ``daihou.messages``."""

from daihou.errors import DaihouError


class AccountingRefused(DaihouError):
    """A request the general ledger cannot carry out; nothing has been changed."""
