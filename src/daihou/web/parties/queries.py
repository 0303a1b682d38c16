"""Find parties, read their personal data. Whoever shows it asks for the permission first."""

from collections.abc import Mapping

from daihou.web.parties import encryption
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Party, PersonalDatum


def place(*, party_id: int, field: str, position: int) -> str:
    """Name the one row and column that a ciphertext belongs to."""
    return f"parties_personaldatum|ciphertext|{party_id}|{field}|{position}"


def find_parties(*, field: str, value: str) -> list[Party]:
    """Return the parties that have this phone, number, name: exact, by blind index."""
    index = encryption.blind_index(field=field, plain=value)
    found = Party.objects.filter(personal_data__field=field, personal_data__blind_index=index)
    return list(found.distinct().order_by("pk"))


def personal_data(*, party: Party) -> Mapping[str, tuple[str, ...]]:
    """Return what is known of a party, by field, in plain."""
    known: dict[str, tuple[str, ...]] = {}
    for datum in PersonalDatum.objects.filter(party=party).order_by("field", "position"):
        known[datum.field] = (*known.get(datum.field, ()), plain(datum=datum))
    return known


def masked_data(*, party: Party) -> Mapping[str, tuple[str, ...]]:
    """Return what is known of a party, by field, masked."""
    return {
        field: tuple(masked(field=field, plain=value) for value in values)
        for field, values in personal_data(party=party).items()
    }


def plain(*, datum: PersonalDatum) -> str:
    """Decrypt one datum.

    :raises DaihouError: ``personal_data.key_missing``, ``personal_data.unreadable``.
    """
    sealed = encryption.Sealed(key_id=datum.key_id, ciphertext=bytes(datum.ciphertext))
    where = place(party_id=datum.party_id, field=datum.field, position=datum.position)
    return encryption.unseal(sealed=sealed, place=where)
