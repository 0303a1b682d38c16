"""Events: the append-only truth. A trigger refuses update, delete and truncate."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from daihou.core.events import AMOUNT_KINDS, Kind
from daihou.core.terms import Component


class Event(models.Model):
    """One fact about one loan.

    ``sequence`` is given under the book's row lock, so its order is the order of commits.
    ``recorded_at`` is when the fact became known to the business, ``inserted_at`` when this
    database took it. A trigger holds every event to a loan of its own book, for whole batches
    at once (a row-wise foreign key costs more than the insert itself).
    """

    pk = models.CompositePrimaryKey("book_id", "sequence")
    book = models.ForeignKey(
        "ledger.Book",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    sequence = models.BigIntegerField()
    loan = models.ForeignKey(
        "loans.Loan",
        on_delete=models.PROTECT,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    kind = models.TextField(choices=[(kind.value, kind.value) for kind in Kind])
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    inserted_at = models.DateTimeField()
    amount_minor = models.BigIntegerField(default=0)
    component = models.TextField(  # noqa: DJ001  Not every event has one.
        null=True, choices=[(component.value, component.value) for component in Component]
    )
    instalment_no = models.PositiveSmallIntegerField(null=True)
    due_on = models.DateField(null=True)
    key = models.TextField(db_collation="C")
    target_key = models.TextField(null=True, db_collation="C")  # noqa: DJ001  As above.
    source_ref = models.TextField(blank=True)
    channel = models.TextField(blank=True)
    figures = models.JSONField(null=True)  # Name and value of what is stated.
    change = models.JSONField(null=True)  # What a change of the plan says.

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "key"], name="event_key_once_per_book"),
            models.UniqueConstraint(fields=["loan", "sequence"], name="event_of_loan_in_order"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in Kind]), name="event_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(component__isnull=True)
                | Q(component__in=[component.value for component in Component]),
                name="event_component_known",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0)
                | (Q(amount_minor=0) & ~Q(kind__in=sorted(kind.value for kind in AMOUNT_KINDS))),
                name="event_amount_positive",
            ),
            models.CheckConstraint(condition=Q(sequence__gte=1), name="event_sequence_positive"),
            models.CheckConstraint(condition=~Q(key=""), name="event_key_given"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"
