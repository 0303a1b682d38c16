"""What credit lines and disbursement refuse, by stable code."""

from daihou.errors import DaihouError


class CreditRefused(DaihouError):
    """A line, draw or tranche that cannot be; nothing has been changed."""
