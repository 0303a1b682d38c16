"""The words of personal data, roles and clocks."""

from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _

from daihou.web.parties.models import PointBasis

FIELDS: Final = {
    "name": _("Name"),
    "id_number": _("ID number"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "bank_account": _("Bank account"),
    "wechat": _("WeChat"),
    "push": _("App push"),
}
FAULTS = MappingProxyType(
    {
        "value_gone": _("the value was deleted or replaced"),
        "wrong_party": _("somebody else's"),
        "ended": _("ended"),
        "not_yet": _("not valid yet"),
        "no_basis": _("no basis for its use"),
    }
)
BASES = MappingProxyType({value: label for value, label in PointBasis.choices if value})
ZONE_SOURCES = MappingProxyType(
    {
        "stated": _("as stated"),
        "address": _("by her address"),
        "phone": _("by her number"),
    }
)
