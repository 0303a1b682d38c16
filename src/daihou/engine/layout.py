"""How columns lie in memory for the kernel: tuples of arrays.

Units   Money int64 minor units; days int32 since 1970-01-01; ``kernel.NEVER`` stands for no day.
Shape   ``Loans``, ``Dues`` and ``Payments`` go in, read-only; ``History``, ``Details``, ``Paid``
        and ``Events`` come out, allocated by the caller. Loan i has rows ``begin[i]:begin[i + 1]``.
Errors  None here.
Source  Field notes on page faults: outputs are dense and written in order.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]
Minor = NDArray[np.int64]
Codes = NDArray[np.int8]


class Loans(NamedTuple):
    chosen: Minor  # Places of the loans to fold, ascending.
    disbursed_on: Days
    disbursed_minor: Minor
    rule: Minor  # Place in ``rules``.
    known_oldest: Days  # As stored at the start of the window of events.
    known_closed: Days
    rules: Minor  # [rule, RULE_WIDTH]


class Dues(NamedTuple):
    begin: Minor
    start_on: Days
    due_on: Days
    principal: Minor
    interest: Minor
    fee: Minor


class Payments(NamedTuple):
    begin: Minor
    on: Days
    amount: Minor


class History(NamedTuple):
    """Few figures of many days: ``[snapshot, chosen loan]``."""

    days: Days  # The snapshots, ascending.
    oldest: Days
    status: Codes
    principal: Minor
    overdue: Minor


class Details(NamedTuple):
    """Of each chosen loan at the last snapshot."""

    overdue: Minor  # [component, chosen loan]
    unapplied: Minor
    accrued_interest: Minor
    next_due_on: Days
    next_due: Minor
    last_paid_on: Days
    closed_on: Days
    next_change_on: Days
    money_in: Minor
    allocated: Minor


class Paid(NamedTuple):
    """Of each instalment of each chosen loan at the last snapshot; empty when not wanted."""

    due: Minor  # [penalty or compound interest, row]
    carry: Minor
    paid: Minor  # [component, row]
    paid_on: Days


class Events(NamedTuple):
    """Events of the days after ``window[0]`` through ``window[1]``; ``count`` may pass the room."""

    window: Days
    raised: Minor  # How many, one number.
    on: Days
    loan: Minor
    kind: Codes
    from_bucket: Codes
    to_bucket: Codes
    oldest: Days


class Into(NamedTuple):
    history: History
    details: Details
    paid: Paid
    events: Events
