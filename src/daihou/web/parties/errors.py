"""What parties refuse, by stable code; ``daihou.messages.parties`` has the words."""

from daihou.errors import DaihouError


class PartyRefused(DaihouError):
    """A party, role, consent or merge that cannot be; nothing has been changed."""
