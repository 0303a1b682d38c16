"""Every form of a case by its name in the address."""

from daihou.web.desk.cases.caring import CARE
from daihou.web.desk.cases.deeds import DEEDS
from daihou.web.desk.cases.doing import Kind
from daihou.web.desk.cases.reaching import CONTACTS

KINDS: dict[str, Kind] = {**DEEDS, **CONTACTS, **CARE}
