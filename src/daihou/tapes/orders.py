"""Allocation orders that formats share, as the text of ``allocation_order``."""

from typing import Final

from daihou.core.terms import STATUTORY_ORDER, Timing

# Fees, penalty and interest first, whatever their day: simple interest is taken out of every
# payment before principal.
INTEREST_FIRST: Final = ",".join(
    f"{timing}:{component}" for component in STATUTORY_ORDER for timing in Timing
)
