"""What documents refuse, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class DocumentRefused(DaihouError):
    """A document that cannot be made; nothing has been stored."""
