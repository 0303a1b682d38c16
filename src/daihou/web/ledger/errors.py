"""What the ledger refuses, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class LedgerRefused(DaihouError):
    """A request the ledger cannot carry out; nothing has been changed."""
