"""Prove a night: what the positions add up to stands in the general ledger, product by product."""

import polars as pl
from django.db.models import F, Sum
from django.utils import timezone

from daihou.engine.posting import MEASURES
from daihou.web.accounting.models import Journal, JournalEntry, Proof, ProofLine, View
from daihou.web.ledger.models import EndOfDayRun

FAILED = "accounting.proof_failed"
SIGNS = {"unapplied": -1}  # What is owed to borrowers stands in credit.


def prove(*, journal: Journal, figures: pl.DataFrame, run: EndOfDayRun) -> Proof:
    """Compare and keep the result; a difference is an alarm on the run."""
    held = _balances(journal=journal)
    wanted = {
        (row["product"], measure): row[measure]
        for row in figures.iter_rows(named=True)
        for measure in MEASURES
    }
    lines = [
        ProofLine(
            product_id=product or None,
            measure=measure,
            sub_ledger_minor=wanted.get((product, measure), 0),
            general_ledger_minor=held.get((product, measure), 0),
        )
        for product, measure in sorted(wanted.keys() | held.keys())
    ]
    differing = [line for line in lines if line.difference_minor]
    proof = Proof.objects.create(
        journal=journal,
        book_id=journal.book_id,
        on=journal.through_on,
        is_passed=not differing,
        made_at=timezone.now(),
    )
    for line in lines:
        line.proof = proof
    ProofLine.objects.bulk_create(lines)
    if differing:
        alarm = {"code": FAILED, "on": journal.through_on.isoformat(), "lines": len(differing)}
        run.alarms = [*run.alarms, alarm]
        run.save(update_fields=["alarms"])
    return proof


def _balances(*, journal: Journal) -> dict[tuple[int, str], int]:
    """Return the lender's balances by product and figure, in the sense of the sub-ledger."""
    rows = (
        JournalEntry.objects.filter(book_id=journal.book_id, view=View.LENDER)
        .exclude(account__measure="")
        .values_list("product_id", "account__measure")
        .annotate(amount_minor=Sum(F("debit_minor") - F("credit_minor")))
    )
    return {
        (product or 0, measure): SIGNS.get(measure, 1) * int(amount_minor)
        for product, measure, amount_minor in rows
    }
