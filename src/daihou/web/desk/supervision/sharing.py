"""What the last run over a book's open cases came to: who got what, how far shares lie apart."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from daihou.web.access.models import User
from daihou.web.board.sight import Sight
from daihou.web.cases.models import AssignmentRun

NOBODY = {
    "stage": _("no team works the stage"),
    "skill": _("nobody has the skill"),
    "language": _("nobody speaks the language"),
    "excluded": _("who could is excluded"),
    "capacity": _("nobody has room"),
}


def shared(sight: Sight) -> dict[str, Any] | None:
    """Read the report of a book's last run; none was yet: none."""
    run = AssignmentRun.objects.filter(book=sight.book).select_related("made_by").last()
    if run is None:
        return None
    report = run.report
    rows = report.get("collectors", [])
    users = User.objects.in_bulk([row["user"] for row in rows])
    return {
        "run": run,
        "changed": report.get("changed", 0),
        "persons": report.get("assigned", 0),
        "spread": _spread(report.get("spread")),
        "nobody": [
            {"word": NOBODY.get(reason, reason), "count": count}
            for reason, count in report.get("nobody", {}).items()
        ],
        "collectors": [
            {
                **row,
                "user": users.get(row["user"]),
                "stages": sorted(row["stages"].items()),
                "filled": _per_cent(row["cases"] * 1_000_000, row["capacity"]),
            }
            for row in rows
        ],
    }


def _spread(found: dict[str, int] | None) -> dict[str, Any] | None:
    if not found:
        return None
    return {
        **found,
        "cases_over": _per_cent(found["cases_over_mean_ppm"]),
        "amount_over": _per_cent(found["amount_over_mean_ppm"]),
    }


def _per_cent(millionths: int, under: int = 1) -> str:
    """Write millionths of ``under`` as a percentage with one digit, cut.

    >>> _per_cent(12_345)
    '1.2 %'
    """
    if not under:
        return "–"
    tenths = millionths // under // 1000
    return f"{tenths // 10}.{tenths % 10} %"
