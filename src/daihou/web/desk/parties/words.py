"""The words of personal data, roles and clocks."""

from typing import Final

from django.utils.translation import gettext_lazy as _

FIELDS: Final = {
    "name": _("Name"),
    "id_number": _("ID number"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "bank_account": _("Bank account"),
}
