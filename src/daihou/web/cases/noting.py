"""Notes, which only grow, and tags, which are set and cleared on their day."""

from datetime import datetime
from typing import Final

from django.db import transaction

from daihou.web.access.models import User
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.locking import checked_text, lock_case, record
from daihou.web.cases.models import Case, Note, NoteText, Tag, TagKind
from daihou.web.parties import encryption

NOTE_LONGEST: Final = 4_000


def place(*, note_id: int) -> str:
    """Name the one row and column that a note's ciphertext belongs to."""
    return f"cases_notetext|ciphertext|{note_id}"


def note(*, case: Case, text: str, at: datetime, acting_user: User) -> Note:
    """Note something; the text is kept encrypted and never changes.

    :raises CaseRefused: ``case.reason_missing``, ``case.text_too_long``.
    """
    text = checked_text(text, most=NOTE_LONGEST)
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        made = Note.objects.create(
            case=locked,
            made_by=acting_user,
            made_at=at,
            digest=encryption.blind_index(field="note", plain=text),
        )
        sealed = encryption.seal(plain=text, place=place(note_id=made.pk))
        NoteText.objects.create(note=made, key_id=sealed.key_id, ciphertext=sealed.ciphertext)
        locked.last_worked_at = at
        locked.save(update_fields=["last_worked_at"])
        record(locked, "case.note", acting_user, note=made.pk)
    return made


def text_of(note: Note) -> str | None:
    """Decrypt a note; nothing where its text was deleted with her personal data.

    :raises DaihouError: ``personal_data.key_missing``, ``personal_data.unreadable``.
    """
    found: NoteText | None = getattr(note, "sealed", None)
    if found is None:
        return None
    sealed = encryption.Sealed(key_id=found.key_id, ciphertext=bytes(found.ciphertext))
    return encryption.unseal(sealed=sealed, place=place(note_id=note.pk))


def tag(*, case: Case, kind: str, reason: str, at: datetime, acting_user: User) -> Tag:
    """Tag a case from now on; set again it stays as it is.

    :raises CaseRefused: ``case.tag_unknown``, ``case.reason_missing``, ``case.text_too_long``.
    """
    if kind not in TagKind.values:
        raise CaseRefused("case.tag_unknown", tag=kind)
    text = checked_text(reason)
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        held = Tag.objects.filter(case=locked, kind=kind, until_at__isnull=True).first()
        if held is not None:
            return held
        made = Tag.objects.create(
            case=locked, kind=kind, reason=text, from_at=at, set_by=acting_user
        )
        locked.tags = sorted({*locked.tags, kind})
        locked.save(update_fields=["tags"])
        record(locked, "case.tag", acting_user, tag=kind)
    return made


def untag(*, case: Case, kind: str, reason: str, at: datetime, acting_user: User) -> Tag:
    """Clear a tag from now on; that it was held stays to be seen.

    :raises CaseRefused: ``case.tag_missing``, ``case.reason_missing``, ``case.text_too_long``.
    """
    text = checked_text(reason)
    with transaction.atomic():
        locked = lock_case(case_id=case.pk)
        held = Tag.objects.filter(case=locked, kind=kind, until_at__isnull=True).first()
        if held is None:
            raise CaseRefused("case.tag_missing", tag=kind)
        held.until_at, held.cleared_by, held.cleared_reason = at, acting_user, text
        held.save(update_fields=["until_at", "cleared_by", "cleared_reason"])
        locked.tags = sorted({*locked.tags} - {kind})
        locked.save(update_fields=["tags"])
        record(locked, "case.untag", acting_user, tag=kind)
    return held
