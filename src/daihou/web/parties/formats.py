"""Are identity numbers, phones and accounts possible at all: form and checksum, nothing more.

Shape   ``fault_of`` names what is wrong with a value of a field by a stable code; none: possible.
Source  GB 11643-1999 (identity number: MOD 11-2, region, date of birth), GB 32100-2015 (unified
        social credit code: MOD 31), ITU numbering plans by the ``phonenumbers`` library, ISO/IEC
        7812 (Luhn) for card numbers.
"""

import re
from datetime import date
from typing import Final

import phonenumbers

from daihou.web.parties.encryption import normal_form
from daihou.web.parties.models import Field, PartyKind

LONGEST: Final = {"name": 80, "address": 200, "email": 120}
LONGEST_OTHER: Final = 40
HOME_REGION: Final = "CN"
ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS: Final = "10X98765432"
PROVINCES: Final = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
CODE_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CODE_FORM: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
EARLIEST_BIRTH: Final = date(1900, 1, 1)
EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def fault_of(*, kind: str, field: str, value: str) -> str | None:
    """Name what makes a value impossible.

    >>> fault_of(kind="person", field="id_number", value="11010519491231002X")
    >>> fault_of(kind="person", field="id_number", value="110105194912310021")
    'party.id_checksum'
    >>> fault_of(kind="company", field="id_number", value="91350100M000100Y43")
    >>> fault_of(kind="person", field="phone", value="12345")
    'party.phone_wrong'
    >>> fault_of(kind="person", field="bank_account", value="6222020200112233445")
    'party.account_checksum'
    """
    if not value.strip() or "\0" in value:
        return "party.value_missing"
    if len(value) > LONGEST.get(field, LONGEST_OTHER):
        return "party.value_too_long"
    plain = normal_form(field=field, plain=value)
    match field:
        case Field.ID_NUMBER:
            is_person = kind == PartyKind.PERSON
            return _fault_of_person(plain) if is_person else _fault_of_company(plain)
        case Field.PHONE:
            return None if is_phone(value) else "party.phone_wrong"
        case Field.BANK_ACCOUNT:
            return _fault_of_account(plain, is_person=kind == PartyKind.PERSON)
        case Field.EMAIL:
            return None if EMAIL.fullmatch(value.strip()) else "party.email_wrong"
    return None


def _fault_of_person(number: str) -> str | None:
    if re.fullmatch(r"\d{15}", number):
        return "party.id_old"
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return "party.id_form"
    if not PROVINCES.match(number):
        return "party.id_region"
    try:
        born_on = date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    except ValueError:
        return "party.id_date"
    if born_on < EARLIEST_BIRTH:
        return "party.id_date"
    total = sum(int(digit) * weight for digit, weight in zip(number, ID_WEIGHTS, strict=False))
    return None if ID_CHECKS[total % 11] == number[17] else "party.id_checksum"


def _fault_of_company(code: str) -> str | None:
    if not CODE_FORM.fullmatch(code):
        return "party.code_form"
    total = sum(CODE_LETTERS.index(letter) * 3**n % 31 for n, letter in enumerate(code[:17]))
    return None if CODE_LETTERS[-total % 31] == code[17] else "party.code_checksum"


def _fault_of_account(number: str, *, is_person: bool) -> str | None:
    """Check the form; a card of 16 to 19 digits also by its checksum.

    Accounts of companies and old passbooks are no cards: they have no checksum.
    """
    if not re.fullmatch(r"\d{8,32}", number):
        return "party.account_form"
    if not is_person or not 16 <= len(number) <= 19:
        return None
    return None if luhn(number) else "party.account_checksum"


def luhn(digits: str) -> bool:
    """Tell whether a card number's digits agree with its last one.

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    doubled = [
        sum(divmod(int(digit) * 2, 10)) if n % 2 else int(digit)
        for n, digit in enumerate(reversed(digits))
    ]
    return sum(doubled) % 10 == 0


def is_phone(value: str) -> bool:
    """Tell whether this can be a phone number, by default one of mainland China."""
    try:
        parsed = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed)
