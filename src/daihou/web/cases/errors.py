"""What cases refuse, by stable code; ``daihou.messages.cases`` has the words."""

from daihou.errors import DaihouError


class CaseRefused(DaihouError):
    """Something that cannot be done with a case; nothing has been changed."""
