"""Reads of templates, accounts and what was heard, for pages and programs."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from daihou.web.channels.models import (
    Account,
    Heard,
    HeardState,
    LetterBatch,
    Reminder,
    Template,
    TemplateVersion,
    VersionState,
)
from daihou.web.ledger.models import Book


def templates(*, book: Book, channel: str = "", language: str = "") -> QuerySet[Template]:
    """Query the templates that a book may use: its own, its funders', the house's."""
    found = Template.objects.filter(Q(book=book) | Q(book__isnull=True))
    if channel:
        found = found.filter(channel=channel)
    if language:
        found = found.filter(language=language)
    return found.select_related("funder").order_by("key", "channel", "-language", "book", "funder")


def newest(*, templates_of: QuerySet[Template]) -> dict[int, TemplateVersion]:
    """Return of each template the version in use, else the newest there is."""
    versions = TemplateVersion.objects.filter(template__in=templates_of).order_by("version_no")
    chosen: dict[int, TemplateVersion] = {}
    for version in versions.select_related("template").prefetch_related("reviews__account"):
        kept = chosen.get(version.template_id)
        if kept is None or kept.state != VersionState.APPROVED:
            chosen[version.template_id] = version
    return chosen


def accounts(*, book: Book) -> QuerySet[Account]:
    """Query the accounts of a book, in the order in which they are chosen."""
    return Account.objects.filter(book=book).order_by("channel", "rank", "pk")


def unmatched(*, book: Book) -> QuerySet[Heard]:
    """Query what was told and belongs nowhere, the newest first."""
    found = Heard.objects.filter(account__book=book, state=HeardState.UNMATCHED)
    return found.select_related("account").order_by("-at", "-pk")


def reminder_counts(*, book: Book, on: date) -> list[tuple[str, int, str, str, int]]:
    """Count what left by itself on a day, or did not, by occasion, mark, state and reason."""
    found = Reminder.objects.filter(book=book, on=on)
    rows = found.values_list("occasion", "mark_days", "state", "code").annotate(count=Count("pk"))
    return [tuple(row) for row in rows.order_by("occasion", "-mark_days", "state", "code")]


def batches(*, book: Book) -> QuerySet[LetterBatch]:
    """Query the batches of letters, the newest first."""
    found = LetterBatch.objects.filter(account__book=book).select_related("account")
    return found.annotate(letter_count=Count("letters")).order_by("-pk")
