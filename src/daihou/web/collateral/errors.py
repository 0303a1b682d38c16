"""What the register refuses, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class CollateralRefused(DaihouError):
    """A request the register cannot carry out; nothing has been changed."""
