"""What approvals refuse, by stable code. The lines people read are in ``daihou.messages``."""

from daihou.errors import DaihouError


class ApprovalRefused(DaihouError):
    """A request or a decision that cannot be taken; nothing has been changed."""
