"""Choose the text for an occasion, fill it, say what it says.

``render`` gives two things: ``content``, which the guard decides on and a permit keeps (no word of
the text in it, only its digest), and ``payload``, which the outbox keeps sealed until it is sent.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from django.db.models import F, Q

from daihou.collect import templates, wording
from daihou.collect.requests import Content
from daihou.collect.templates import TemplateRefused, Value
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import TemplateVersion, VersionState
from daihou.web.ledger.models import Book


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What goes out, in plain. ``version_id`` is empty for a talk: then there is no text either."""

    version_id: int | None = None
    language: str = "zh"
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    slots: Mapping[str, str] = field(default_factory=dict, repr=False)

    def as_mapping(self) -> dict[str, Any]:
        """Write it as what JSON can hold: the ``payload`` of ``contacts.contact.Contact``."""
        return asdict(self)


def payload_of(*, mapping: Mapping[str, Any]) -> Payload:
    """Read what ``Payload.as_mapping`` wrote."""
    return Payload(**mapping)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    content: Content
    payload: Payload


def choose(
    *, book: Book, key: str, channel: str, language: str, funder_id: int | None = None
) -> TemplateVersion:
    """Find the approved version for an occasion: the funder's, else the book's, else the house's.

    :raises ChannelRefused: ``template.none_approved``.
    """
    found = (
        TemplateVersion.objects.filter(
            Q(template__book=book) | Q(template__book__isnull=True),
            Q(template__funder_id=funder_id) | Q(template__funder__isnull=True),
            state=VersionState.APPROVED,
            template__key=key,
            template__channel=channel,
            template__language=language,
        )
        .select_related("template")
        .order_by(
            F("template__funder").asc(nulls_last=True), F("template__book").asc(nulls_last=True)
        )
        .first()
    )
    if found is None:
        raise ChannelRefused("template.none_approved", template=key, channel=channel)
    return found


def render(*, version: TemplateVersion, values: Mapping[str, Value]) -> Rendered:
    """Fill a version of a template and read what it then says.

    :raises ChannelRefused: as ``collect.templates.fill`` refuses.
    """
    try:
        filled = templates.fill(wording=version.wording, values=values)
    except TemplateRefused as refused:
        raise ChannelRefused(refused.code, **refused.params) from refused
    template = version.template
    read = wording.read(
        text=f"{filled.subject}\n{filled.text}".strip(),
        template_key=template.key,
        version=version.version_no,
        language=template.language,
    )
    flags = templates.flags_of(wording=version.wording)
    content = replace(
        read,
        names_creditor=read.names_creditor or flags.names_creditor,
        names_institution=read.names_institution or flags.names_institution,
        carries_debt_facts=read.carries_debt_facts or flags.carries_debt_facts,
        has_opt_out=read.has_opt_out or flags.has_opt_out,
    )
    payload = Payload(
        version_id=version.pk,
        language=template.language,
        subject=filled.subject,
        text=filled.text,
        slots=filled.slots,
    )
    return Rendered(content=content, payload=payload)
