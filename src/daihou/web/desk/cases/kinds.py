"""Every form of a case by its name in the address."""

from daihou.web.desk.cases.called import CALLED
from daihou.web.desk.cases.caring import CARE
from daihou.web.desk.cases.deeds import DEEDS
from daihou.web.desk.cases.doing import Kind
from daihou.web.desk.cases.marking import MARKS
from daihou.web.desk.cases.owning import OWNING
from daihou.web.desk.cases.reaching import CALLS
from daihou.web.desk.cases.writing import MESSAGES

KINDS: dict[str, Kind] = {
    kind.name: kind for kind in (*DEEDS, *CALLS, *CALLED, *MESSAGES, *CARE, *MARKS, *OWNING)
}
