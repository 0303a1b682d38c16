"""What servicing refuses, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class ServicingRefused(DaihouError):
    """A change of a loan that cannot be made; nothing has been changed."""
