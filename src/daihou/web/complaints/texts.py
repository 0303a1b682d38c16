"""What people say and what is answered: encrypted for its own complaint and place."""

from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.parties import encryption

TEXT_MOST = 4000  # Characters of what somebody says, or of a decision.
NOTE_MOST = 512


def sealed(*, complaint_id: int, place: str, text: str) -> str:
    """Encrypt a text for its place; an empty one stays empty."""
    if not text:
        return ""
    return encryption.seal_text(plain=text, place=_place(complaint_id, place))


def opened(*, complaint_id: int, place: str, text: str) -> str:
    """Decrypt what ``sealed`` made."""
    if not text:
        return ""
    return encryption.open_text(sealed=text, place=_place(complaint_id, place))


def checked(text: str, *, most: int = NOTE_MOST) -> str:
    """Return a text as it is kept.

    :raises ComplaintRefused: ``complaint.text_missing``.
    """
    kept = text.strip()
    if not kept or len(kept) > most or "\0" in kept:
        raise ComplaintRefused("complaint.text_missing", most=most)
    return kept


def _place(complaint_id: int, place: str) -> str:
    return f"complaints_complaint|{place}|{complaint_id}"
