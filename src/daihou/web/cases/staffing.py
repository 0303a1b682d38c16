"""Set up who works cases: teams, collectors, who must not work whom, what a case needs.

Errors  ``CaseRefused``: ``case.name_missing``, ``case.stage_unknown``, ``case.capacity_wrong``,
        ``case.text_too_long``, ``case.reason_missing``, ``case.exclusion_missing``.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import checked_text, lock_case, record
from daihou.web.cases.models import Case, Collector, CollectorExclusion, Stage, Team
from daihou.web.parties.models import Party

CAPACITY_MOST: Final = 100_000
WORD_LONGEST: Final = 24
LANGUAGE_LONGEST: Final = 16
NAME_LONGEST: Final = 64


@transaction.atomic
def put_team(
    *,
    name: str,
    acting_user: User,
    lead: User | None = None,
    stages: Sequence[str] = (),
    is_active: bool = True,
) -> Team:
    """Set up a team, or change the one of that name.

    :raises CaseRefused: see the module.
    """
    name = _word(name, most=NAME_LONGEST)
    if not name:
        raise CaseRefused("case.name_missing")
    unknown = [stage for stage in stages if stage not in Stage.values]
    if unknown:
        raise CaseRefused("case.stage_unknown", stage=unknown[0][:WORD_LONGEST])
    team, _ = Team.objects.update_or_create(
        name=name,
        defaults={
            "lead": lead,
            "stages": [stage for stage in Stage.values if stage in stages],
            "is_active": is_active,
        },
    )
    _record("team.put", "team", team.pk, acting_user, stages=team.stages, is_active=is_active)
    return team


@transaction.atomic
def put_collector(
    *,
    user: User,
    team: Team,
    acting_user: User,
    capacity: int,
    skills: Sequence[str] = (),
    languages: Sequence[str] = (),
    is_active: bool = True,
    away_until: date | None = None,
) -> Collector:
    """Make a user a collector of a team, or change what she is.

    :raises CaseRefused: see the module.
    """
    if not 0 <= capacity <= CAPACITY_MOST:
        raise CaseRefused("case.capacity_wrong", least=0, most=CAPACITY_MOST)
    collector, _ = Collector.objects.update_or_create(
        user=user,
        defaults={
            "team": team,
            "capacity": capacity,
            "skills": sorted({_word(skill, most=WORD_LONGEST) for skill in skills} - {""}),
            "languages": sorted({_word(each, most=LANGUAGE_LONGEST) for each in languages} - {""}),
            "is_active": is_active,
            "away_until": away_until,
        },
    )
    _record(
        "collector.put",
        "user",
        user.pk,
        acting_user,
        team=team.pk,
        capacity=capacity,
        is_active=is_active,
    )
    return collector


@transaction.atomic
def exclude(
    *, user: User, party: Party, reason: str, at: datetime, acting_user: User
) -> CollectorExclusion:
    """Let a collector not work a person from now on; the next run takes her case from him.

    :raises CaseRefused: see the module.
    """
    text = checked_text(reason)
    made, is_new = CollectorExclusion.objects.get_or_create(
        user=user,
        party=party,
        until_at=None,
        defaults={"reason": text, "from_at": at, "made_by": acting_user},
    )
    if is_new:
        _record("collector.exclude", "user", user.pk, acting_user, party=party.pk)
    return made


@transaction.atomic
def end_exclusion(*, user: User, party: Party, at: datetime, acting_user: User) -> None:
    """Let a collector work a person again.

    :raises CaseRefused: see the module.
    """
    held = CollectorExclusion.objects.filter(user=user, party=party, until_at__isnull=True)
    if not held.update(until_at=at):
        raise CaseRefused("case.exclusion_missing")
    _record("collector.end_exclusion", "user", user.pk, acting_user, party=party.pk)


@transaction.atomic
def need(*, case: Case, skill: str, language: str, acting_user: User) -> Case:
    """Say what a case needs of its collector; empty for nothing. The next run heeds it.

    :raises CaseRefused: see the module.
    """
    locked = lock_case(case_id=case.pk)
    locked.skill = _word(skill, most=WORD_LONGEST)
    locked.language = _word(language, most=LANGUAGE_LONGEST)
    locked.save(update_fields=["skill", "language"])
    record(locked, "case.need", acting_user, skill=locked.skill, language=locked.language)
    return locked


def _word(text: str, *, most: int) -> str:
    found = " ".join(text.split())
    if len(found) > most:
        raise CaseRefused("case.text_too_long", most=most)
    return found


def _record(
    action: str, target_type: str, target_id: int, acting_user: User, **details: object
) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type=target_type,
        target_id=target_id,
        details=details,
    )
