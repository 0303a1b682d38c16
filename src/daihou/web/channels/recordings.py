"""Recordings of calls: from where the switch keeps them into the archive, under their hash."""

import logging
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from daihou.collect.packs import Kind as RuleKind, rules_of
from daihou.collect.requests import Channel, Outcome
from daihou.web.access.models import User
from daihou.web.archive import operations as archive
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import File, Kind, Target
from daihou.web.channels import accounts, effects, secrets
from daihou.web.channels.adapters.protocol import Told
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Delivery, Heard
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import Outcome as OutcomeRow, Permit
from daihou.web.ledger.models import Book

SPOKE = frozenset({Outcome.EFFECTIVE, Outcome.REFUSED, Outcome.WRONG_PERSON})
LOOKED_FOR = timedelta(days=3)  # What has not come by then will not come.
logger = logging.getLogger("daihou.channels")


def check(*, permit: Permit, outcome: Outcome, reference: str) -> None:
    """Refuse how a call ended where it must be recorded and nobody says where the recording is.

    ``reference`` is what the collector gives, of her own device; the switch's own comes by itself.

    :raises ContactFault: ``contact.recording_missing``.
    """
    if permit.channel != Channel.VOICE or outcome not in SPOKE or reference.strip():
        return
    rules = rules_of(jurisdiction=permit.jurisdiction)
    asked = rules.in_force(on=timezone.localdate(permit.at)) if rules else ()
    if not any(rule.kind is RuleKind.RECORDING for rule in asked):
        return
    delivery = Delivery.objects.filter(permit_ref=str(permit.pk)).select_related("account").first()
    if delivery is None or not accounts.keeps_recordings(account=delivery.account):
        raise ContactFault("contact.recording_missing")


def of_permit(*, permit_id: int, book: Book) -> File | None:
    """Find the recording of a call in the archive: the switch's, else the one its outcome names."""
    delivery = Delivery.objects.filter(permit_ref=str(permit_id), recording__isnull=False)
    found = delivery.select_related("recording").first()
    if found is not None:
        return found.recording
    named = OutcomeRow.objects.filter(permit=permit_id).exclude(recording_digest="")
    digest = named.order_by("-pk").values_list("recording_digest", flat=True).first()
    return File.objects.filter(book=book, content_id=digest).first() if digest else None


def fetch_new(*, acting_user: User, most: int = 200) -> int:
    """Archive the recordings of calls that ended; return how many. One not there yet waits."""
    since = timezone.now() - LOOKED_FOR
    spoken = Delivery.objects.filter(
        told=Told.SPOKEN.value, recording__isnull=True, told_at__gte=since
    )
    return sum(
        _fetch(delivery, acting_user=acting_user)
        for delivery in spoken.select_related("account__book").order_by("pk")[:most]
    )


def _fetch(delivery: Delivery, *, acting_user: User) -> bool:
    heard = Heard.objects.filter(delivery=delivery).exclude(recording_ref="").first()
    permit = effects.permit_of(delivery=delivery)
    path = _path(delivery, heard.recording_ref) if heard is not None else None
    if path is None or permit is None:
        return False
    try:
        with path.open("rb") as content:
            file = archive.store_file(
                book=delivery.account.book,
                name=path.name,
                content=content,
                kind=Kind.RECORDING,
                links=(archive.Owner(target_type=Target.PARTY, target_id=permit.party_id),),
                arrived_on=timezone.localdate(delivery.told_at),
                acting_user=acting_user,
                made_from={"permit": delivery.permit_ref},
            )
    except FileNotFoundError:
        return False
    except (OSError, ArchiveRefused) as fault:
        logger.warning("recording of permit %s: %s", delivery.permit_ref, fault)
        return False
    delivery.recording = file
    delivery.save(update_fields=["recording"])
    return True


def _path(delivery: Delivery, ref: str) -> Path | None:
    """Find a recording in the folder of its account: by its name alone, wherever it says it is."""
    try:
        folder = secrets.load(secret_ref=delivery.account.secret_ref).extra.get("folder", "")
    except ChannelRefused:
        return None
    name = ref.replace("\\", "/").rpartition("/")[2]
    return Path(folder) / name if folder and name not in {"", ".", ".."} else None
