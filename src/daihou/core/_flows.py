"""Money that flows over a loan's rows: where a payment went, or what a waiver gave up.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   One ``Flow`` per payment or waiver, filled by the fold.
Errors  None.
Source  docs/algorithms/position.md.
"""

from daihou.core._rows import WorkRow
from daihou.core.events import Event


class Flow:
    """One payment or waiver: where its money went, on which day, and what found no place."""

    __slots__ = ("event", "left_minor", "parts", "principal_after_minor")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.left_minor = event.amount_minor
        self.parts: list[tuple[WorkRow, int, int, int]] = []  # Row, component, amount, day.
        self.principal_after_minor = 0
