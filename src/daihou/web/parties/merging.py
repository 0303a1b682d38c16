"""Two parties that are one: merge them, undo it exactly, note that they are two.

What follows a merge is registered by ``follow``: loans, roles, links, credit lines. What only grows
(personal data, consents, checks) stays with the party it was noted for and is read by family.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.parties.editing import checked_reason
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import Merge, NotDuplicate, Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A reference to a party that moves with a merge.

    Where ``once`` names fields, a row stays behind if the other party has an open one like it.
    """

    model: str
    field: str
    once: tuple[str, ...] = ()
    ended: str = ""

    @property
    def name(self) -> str:
        return f"{self.model}.{self.field}"


_FOLLOWERS: Final[dict[str, Follower]] = {}


def follow(*, model: str, field: str, once: tuple[str, ...] = (), ended: str = "") -> None:
    """Let a reference to parties follow merges; called in ``AppConfig.ready``."""
    follower = Follower(model=model, field=field, once=once, ended=ended)
    _FOLLOWERS[follower.name] = follower


follow(model="loans.Loan", field="person")
follow(model="parties.LoanRole", field="party", once=("loan_id", "role"), ended="ended_on")
follow(model="parties.CompanyLink", field="person", once=("company_id", "kind"), ended="ended_on")
follow(model="parties.CompanyLink", field="company", once=("person_id", "kind"), ended="ended_on")


@transaction.atomic
def merge(*, kept: Party, absorbed: Party, reason: str, acting_user: User) -> Merge:
    """Let one party count as another from now on.

    :raises PartyRefused: ``party.merge_itself``, ``party.merge_kinds``, ``party.merged``,
        ``party.reason_missing``.
    """
    text = checked_reason(reason)
    if kept.pk == absorbed.pk:
        raise PartyRefused("party.merge_itself")
    locked = _lock(kept, absorbed)
    kept, absorbed = locked[kept.pk], locked[absorbed.pk]
    if kept.kind != absorbed.kind:
        raise PartyRefused("party.merge_kinds")
    for party in (kept, absorbed):
        if party.merged_into_id is not None:
            raise PartyRefused("party.merged", party=party.reference)
    moved = {name: _move(each, absorbed, kept) for name, each in _FOLLOWERS.items()}
    Party.objects.filter(pk=absorbed.pk).update(merged_into=kept)
    made = Merge.objects.create(
        kept=kept,
        absorbed=absorbed,
        reason=text,
        moved={name: ids for name, ids in moved.items() if ids},
        merged_by=acting_user,
    )
    _audit("party.merge", made, acting_user, reason=text)
    return made


@transaction.atomic
def undo(*, merge: Merge, reason: str, acting_user: User) -> Merge:
    """Take a merge back: exactly the rows that followed return.

    :raises PartyRefused: ``party.merge_undone``, ``party.merge_under_another``,
        ``party.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock(merge.kept, merge.absorbed)
    held = Merge.objects.select_for_update().get(pk=merge.pk)
    if held.undone_at is not None:
        raise PartyRefused("party.merge_undone")
    if locked[held.kept_id].merged_into_id is not None:
        raise PartyRefused("party.merge_under_another")
    for name, ids in held.moved.items():
        follower = _FOLLOWERS[name]
        _rows(follower).filter(**{"pk__in": ids, follower.field: held.kept_id}).update(
            **{follower.field: held.absorbed_id}
        )
    Party.objects.filter(pk=held.absorbed_id).update(merged_into=None)
    held.undone_at, held.undone_by, held.undone_reason = timezone.now(), acting_user, text
    held.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    _audit("party.undo_merge", held, acting_user, reason=text)
    return held


@transaction.atomic
def follow_new_loans(*, book_id: int) -> int:
    """Let loans that a tape brought for an absorbed party follow its merge; return how many."""
    count = 0
    follower = _FOLLOWERS["loans.Loan.person"]
    found = Merge.objects.filter(undone_at__isnull=True, absorbed__loans__book_id=book_id)
    for pending in Merge.objects.select_for_update().filter(pk__in=found.values("pk")):
        kept = pending.kept
        while kept.merged_into is not None:
            kept = kept.merged_into
        ids = _move(follower, pending.absorbed, kept)
        pending.moved[follower.name] = [*pending.moved.get(follower.name, []), *ids]
        pending.save(update_fields=["moved"])
        count += len(ids)
    return count


@transaction.atomic
def note_not_duplicate(*, one: Party, other: Party, acting_user: User) -> NotDuplicate:
    """Note that two parties that look alike are two: they are suggested no more.

    :raises PartyRefused: ``party.merge_itself``.
    """
    if one.pk == other.pk:
        raise PartyRefused("party.merge_itself")
    first, second = sorted((one.pk, other.pk))
    try:
        with transaction.atomic():
            made, is_new = NotDuplicate.objects.get_or_create(
                first_id=first, second_id=second, defaults={"noted_by": acting_user}
            )
    except IntegrityError:  # Noted by another in the same instant.
        return NotDuplicate.objects.get(first_id=first, second_id=second)
    if is_new:
        audit.record(
            acting_user=acting_user,
            action="party.not_duplicate",
            target_type="party",
            target_id=first,
            details={"other": second},
        )
    return made


def _lock(*parties: Party) -> Mapping[int, Party]:
    rows = Party.objects.select_for_update().filter(pk__in=[party.pk for party in parties])
    return {row.pk: row for row in rows.order_by("pk")}


def _rows(follower: Follower) -> Any:
    model: Any = apps.get_model(follower.model)
    return model.objects


def _move(follower: Follower, absorbed: Party, kept: Party) -> list[int]:
    rows = _rows(follower).filter(**{follower.field: absorbed.pk})
    if follower.once:
        held = _rows(follower).filter(
            **{follower.field: kept.pk, f"{follower.ended}__isnull": True}
        )
        like = set(held.values_list(*follower.once))
        ids = [
            pk
            for pk, ended, *key in rows.values_list("pk", follower.ended, *follower.once)
            if ended is not None or tuple(key) not in like
        ]
    else:
        ids = list(rows.order_by("pk").values_list("pk", flat=True))
    _rows(follower).filter(pk__in=ids).update(**{follower.field: kept.pk})
    return ids


def _audit(action: str, made: Merge, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="party",
        target_id=made.kept_id,
        details={
            "absorbed": made.absorbed_id,
            "rows": sum(map(len, made.moved.values())),
            **details,
        },
    )
