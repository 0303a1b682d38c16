"""What the archive refuses, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class ArchiveRefused(DaihouError):
    """A request the archive cannot carry out; nothing has been stored or changed."""
