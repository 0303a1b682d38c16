"""Goal: no message names a state by its code. Method: compare the words with the choices."""

from daihou.messages.words import WORDS
from daihou.web.access.models import Role
from daihou.web.approvals.models import State
from daihou.web.credit.models import TrancheState
from daihou.web.loans.models import VersionState
from daihou.web.payments.models import BreakState
from daihou.web.servicing.models import OfferState

STANDING = {"open", "planned"}  # In which nothing is refused.


def test_every_state_that_a_message_names_has_words():
    kinds = (VersionState, State, OfferState, TrancheState, BreakState)
    assert {value for kind in kinds for value in kind.values} - STANDING == set(WORDS["state"])


def test_every_role_that_a_message_names_has_words():
    assert set(WORDS["roles"]) == set(Role.values)
