"""What the intake refuses, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class PaymentRefused(DaihouError):
    """A message, file or request that cannot be taken; nothing has been changed."""
