"""What products and origination refuse, by stable code; ``daihou.messages.products`` has words."""

from daihou.errors import DaihouError


class ProductRefused(DaihouError):
    """A product, version or contract that cannot be; nothing has been changed."""
