"""What visits refuse, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class VisitRefused(DaihouError):
    """A request that visits cannot carry out; nothing has been changed."""
