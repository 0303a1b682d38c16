"""What complaints refuse, by stable code; ``daihou.messages.complaints`` has the words."""

from daihou.errors import DaihouError


class ComplaintRefused(DaihouError):
    """A complaint, dispute or claim that cannot go that way; nothing has been changed."""
