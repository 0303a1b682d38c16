"""Recordings of calls: from where the switch keeps them into the archive, under their hash."""

import logging
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.archive import operations as archive
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import Kind, Target
from daihou.web.channels import effects, secrets
from daihou.web.channels.adapters.protocol import Told
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Delivery, Heard

LOOKED_FOR = timedelta(days=3)  # What has not come by then will not come.
logger = logging.getLogger("daihou.channels")


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
