"""Keyed digests in place of persons, numbers and debts: what permits and facts are written with."""

from functools import lru_cache

from daihou.web.parties import encryption

KEY_HEX = 32  # 128 bits: enough never to meet twice.


def recipient_key(*, subject_id: int) -> str:
    """Name a person."""
    return _key("contact_person", str(subject_id))


def debt_key(*, loan_id: int) -> str:
    """Name a debt."""
    return _key("contact_debt", str(loan_id))


def address_key(*, kind: str, digest: bytes) -> str:
    """Name a number or address by its kind and the blind index of its value."""
    return _key("contact_address", f"{kind}|{digest.hex()}")


@lru_cache(maxsize=65_536)
def _key(field: str, plain: str) -> str:
    return encryption.blind_index(field=field, plain=plain).hex()[:KEY_HEX]
