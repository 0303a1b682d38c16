"""What a funder, a product or the house tightens in the rules of contact: read, asked for, ended.

One person of compliance asks, another decides. Nothing is loosened: ``collect.packs`` refuses that
when it is asked for, and takes of two figures the stricter one afterwards.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from daihou.collect.packs import (
    PackRefused,
    RuleSet,
    Tightening as Stricter,
    check_tightening,
    rules_of,
)
from daihou.collect.requests import Channel
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan, Product
from daihou.web.parameters.models import Tightening, TighteningEnd
from daihou.web.parties.models import Party

KIND = "rule.tighten"
END_KIND = "rule.end_tightening"
FIGURES = ("most", "least", "days", "opens", "closes")
CLOCKS = ("opens", "closes")  # Minutes of the day.


def rules_for(*, book: Book, loans: Sequence[Loan], jurisdiction: str) -> RuleSet | None:
    """Return the rules of a jurisdiction with what holds for a book and these loans of it.

    What one loan's funder or product tightens holds for a contact about all of them.
    """
    whose = Q(funder=None, product=None)
    whose |= Q(funder__in={loan.funder_id for loan in loans if loan.funder_id is not None})
    whose |= Q(product__in={loan.product_id for loan in loans if loan.product_id is not None})
    rows = Tightening.objects.filter(whose, book=book).select_related("end").order_by("pk")
    return _rules(jurisdiction, tuple(stricter_of(row) for row in rows))


@lru_cache(maxsize=256)
def _rules(jurisdiction: str, rows: tuple[Stricter, ...]) -> RuleSet | None:
    """Put rows on a pack; what does not belong to this law is none of its rules."""
    law = rules_of(jurisdiction=jurisdiction)
    if law is None or not rows:
        return law
    known = {rule.rule_id for rule in law.rules}
    fitting = [row for row in rows if row.forbids or row.rule_id in known]
    return rules_of(jurisdiction=jurisdiction, tightenings=fitting)


def stricter_of(row: Tightening) -> Stricter:
    """Turn a row into what the guard's rules take."""
    end: TighteningEnd | None = getattr(row, "end", None)
    by = "house"
    if row.funder_id is not None:
        by = f"funder:{row.funder_id}"
    elif row.product_id is not None:
        by = f"product:{row.product_id}"
    return Stricter(
        tightening_id=f"OWN-{row.pk:06d}",
        by=by,
        rule_id=row.rule_id,
        valid_from=row.valid_from,
        valid_through=end.last_on if end is not None else None,
        source=row.source,
        forbids=frozenset(map(Channel, row.forbids)),
        ends_agreements=row.ends_agreements,
        **{name: getattr(row, name) for name in FIGURES},
    )


def tightenings_of(*, book: Book) -> QuerySet[Tightening]:
    """Query all that was ever tightened in a book, the newest first."""
    rows = Tightening.objects.filter(book=book).order_by("-valid_from", "-pk")
    return rows.select_related("end", "funder", "product", "added_by")


def request_tightening(
    *, book: Book, asked: Mapping[str, Any], jurisdiction: str, reason: str, acting_user: User
) -> Approval:
    """Ask for a tightening. ``asked`` has fields of ``Tightening``, days as ISO texts.

    :raises DaihouError: ``rules.no_law``, ``rules.field_wrong``, ``rules.source_missing``,
        ``rules.one_of_both``, ``rules.not_of_this_book``; where it would loosen or say nothing, as
        ``collect.packs.check_tightening``; :raises ApprovalRefused: as ``approvals.request``.
    """
    _check(book=book, asked=asked, jurisdiction=jurisdiction)
    return approvals.request(
        kind=KIND,
        book=book,
        target_type="rule",
        target_id=str(asked.get("rule_id") or ",".join(asked.get("forbids", ()))),
        payload={"jurisdiction": jurisdiction, "asked": dict(asked)},
        reason=reason,
        acting_user=acting_user,
    )


def _check(*, book: Book, asked: Mapping[str, Any], jurisdiction: str) -> Tightening:
    """Build the row that is asked for, and refuse it where the law is stricter."""
    law = rules_of(jurisdiction=jurisdiction)
    if law is None:
        raise DaihouError("rules.no_law", jurisdiction=jurisdiction)
    try:
        row = Tightening(
            book=book,
            funder_id=asked.get("funder_id"),
            product_id=asked.get("product_id"),
            rule_id=asked.get("rule_id", ""),
            valid_from=date.fromisoformat(asked["valid_from"]),
            forbids=sorted(Channel(each) for each in asked.get("forbids", ())),
            ends_agreements=bool(asked.get("ends_agreements")),
            source=str(asked["source"]).strip()[:256],
            **{name: _figure(asked.get(name)) for name in FIGURES},
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise DaihouError("rules.field_wrong", text=str(fault)) from fault
    if not row.source:
        raise DaihouError("rules.source_missing")
    if row.forbids and (row.rule_id or any(getattr(row, name) is not None for name in FIGURES)):
        raise DaihouError("rules.field_wrong", text="forbids")
    _check_whose(row)
    row.pk = 0  # The id that its name is made of; the row itself is not kept here.
    try:
        check_tightening(rules=law, tightening=stricter_of(row))
    except PackRefused as refused:
        raise DaihouError(refused.code, detail=refused.detail) from refused
    row.pk = None
    return row


def _figure(value: object) -> int | None:
    if value is None or value == "":
        return None
    number = int(str(value))
    if not 0 <= number <= 3650:
        raise ValueError(str(value))
    return number


def _check_whose(row: Tightening) -> None:
    """Hold a tightening to funders and products of the book itself."""
    if row.funder_id is not None and row.product_id is not None:
        raise DaihouError("rules.one_of_both")
    loans = Loan.objects.filter(book=row.book)
    if row.funder_id is not None and not loans.filter(funder_id=row.funder_id).exists():
        raise DaihouError("rules.not_of_this_book")
    products = Product.objects.filter(book=row.book)
    if row.product_id is not None and not products.filter(pk=row.product_id).exists():
        raise DaihouError("rules.not_of_this_book")


def carry_out(approval: Approval, user: User) -> None:
    """Add the tightening that was asked for."""
    assert approval.book is not None
    row = _check(
        book=approval.book,
        asked=approval.payload["asked"],
        jurisdiction=approval.payload["jurisdiction"],
    )
    row.added_by = user
    row.save(force_insert=True)
    audit.record(
        acting_user=user,
        action="rule.tighten",
        target_type="tightening",
        target_id=row.pk,
        details={"rule": row.rule_id, "valid_from": row.valid_from.isoformat()},
    )


def request_end(
    *, tightening: Tightening, last_on: date, reason: str, acting_user: User
) -> Approval:
    """Ask that a tightening ends with a day; the law itself stays.

    :raises DaihouError: ``rules.ended_already``, ``rules.end_before_beginning``.
    """
    _check_end(tightening, last_on)
    return approvals.request(
        kind=END_KIND,
        book=tightening.book,
        target_type="tightening",
        target_id=tightening.pk,
        payload={"tightening": tightening.pk, "last_on": last_on.isoformat()},
        reason=reason,
        acting_user=acting_user,
    )


def _check_end(tightening: Tightening, last_on: date) -> None:
    if TighteningEnd.objects.filter(tightening=tightening).exists():
        raise DaihouError("rules.ended_already")
    if last_on < tightening.valid_from - timedelta(days=1):
        raise DaihouError("rules.end_before_beginning", day=tightening.valid_from)


@transaction.atomic
def carry_out_end(approval: Approval, user: User) -> None:
    """End the tightening that it was asked for; it has one end, as the table holds."""
    row = Tightening.objects.get(pk=approval.payload["tightening"])
    last_on = date.fromisoformat(approval.payload["last_on"])
    _check_end(row, last_on)
    TighteningEnd.objects.create(tightening=row, last_on=last_on, added_by=user)
    audit.record(
        acting_user=user,
        action="rule.end_tightening",
        target_type="tightening",
        target_id=row.pk,
        details={"last_on": last_on.isoformat()},
    )


def describe(approval: Approval) -> Description:
    """Show whoever decides what is to be tightened, for whose loans."""
    asked = approval.payload["asked"]
    facts = [(_("From"), str(asked["valid_from"])), (_("For"), whose(asked))]
    facts += [
        (figure_label(name), clock(int(asked[name])) if name in CLOCKS else str(asked[name]))
        for name in FIGURES
        if asked.get(name) not in {None, ""}
    ]
    if asked.get("forbids"):
        facts.append((_("Not to be used"), ", ".join(asked["forbids"])))
    if asked.get("ends_agreements"):
        facts.append((_("Agreements"), _("lift it no longer")))
    facts.append((_("Source"), str(asked["source"])))
    rule = asked.get("rule_id") or _("Channels")
    return Description(title=f"{rule} ({approval.payload['jurisdiction']})", facts=tuple(facts))


def figure_label(name: str) -> str:
    """Name a figure of a rule in the reader's language."""
    return {
        "most": _("Most"),
        "least": _("Least"),
        "days": _("Days"),
        "opens": _("From (hour)"),
        "closes": _("Until (hour)"),
    }[name]


def clock(minute: int) -> str:
    """Write a minute of the day as the hour that it is."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def whose(asked: Mapping[str, Any]) -> str:
    """Name the funder or product; the whole book otherwise."""
    if asked.get("funder_id"):
        party = Party.objects.get(pk=asked["funder_id"])
        return _("funder %(name)s") % {"name": party}
    if asked.get("product_id"):
        product = Product.objects.get(pk=asked["product_id"])
        return _("product %(name)s") % {"name": product}
    return _("the whole book")


def describe_end(approval: Approval) -> Description:
    """Show whoever decides which tightening is to end."""
    row = Tightening.objects.get(pk=approval.payload["tightening"])
    facts = ((_("Last day"), str(approval.payload["last_on"])), (_("Source"), row.source))
    title = _("End of the tightening of %(rule)s") % {"rule": row.rule_id or row.forbids}
    return Description(title=title, facts=facts)
