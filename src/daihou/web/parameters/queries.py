"""Read dated parameters."""

from datetime import date

from daihou.errors import DaihouError
from daihou.web.parameters.models import Parameter


def parameter_on(*, name: str, jurisdiction: str, on: date) -> Parameter:
    """Return the row in force on a day.

    :raises DaihouError: ``parameter.not_in_force``.
    """
    found = (
        Parameter.objects.filter(name=name, jurisdiction=jurisdiction, valid_from__lte=on)
        .order_by("-valid_from")
        .first()
    )
    if found is None:
        raise DaihouError("parameter.not_in_force", name=name, jurisdiction=jurisdiction, on=on)
    return found
