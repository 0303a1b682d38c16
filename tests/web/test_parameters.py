"""Goal: a parameter is the one in force on that day, and says where it comes from."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from daihou.errors import DaihouError
from daihou.web.parameters.models import Confidence, Parameter
from daihou.web.parameters.queries import parameter_on

LATE = {"name": "allocation.late_from_days", "jurisdiction": "CN"}


def test_takes_the_newest_that_is_in_force(db):
    Parameter.objects.create(
        **LATE, valid_from=date(2030, 1, 1), value={"card": 61}, source="a test", confidence="own"
    )
    assert parameter_on(**LATE, on=date(2029, 12, 31)).value == {"card": 91}
    assert parameter_on(**LATE, on=date(2030, 1, 1)).value == {"card": 61}


@pytest.mark.parametrize(
    ("jurisdiction", "on"), [("CN", date(2000, 1, 1)), ("XX", date(2026, 1, 1))]
)
def test_says_when_there_is_none(db, jurisdiction, on):
    with pytest.raises(DaihouError) as refused:
        parameter_on(name=LATE["name"], jurisdiction=jurisdiction, on=on)
    assert refused.value.code == "parameter.not_in_force"


@pytest.mark.parametrize("wrong", [{"source": ""}, {"confidence": "sure"}])
def test_a_parameter_without_a_source_is_refused(db, wrong):
    given = {"source": "a test", "confidence": "own", **wrong}
    with pytest.raises(DatabaseError, match="sourced"), transaction.atomic():
        Parameter.objects.create(**LATE, valid_from=date(2031, 1, 1), value=1, **given)


def test_every_seeded_parameter_has_a_confidence(db):
    assert set(Parameter.objects.values_list("confidence", flat=True)) <= set(Confidence.values)
    assert Parameter.objects.count() == 3
