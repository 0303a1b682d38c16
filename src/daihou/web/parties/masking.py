"""Show enough of a personal datum to recognize it, and no more."""

MASK = "*"


def masked(*, field: str, plain: str) -> str:
    """Mask a value of a field; an unknown field shows nothing.

    >>> masked(field="phone", plain="13800138000")
    '138****8000'
    >>> masked(field="id_number", plain="11010519491231002X")
    '110***********002X'
    >>> masked(field="name", plain="张小明"), masked(field="name", plain="王五")
    ('张**', '王*')
    >>> masked(field="bank_account", plain="6222020200112233445")
    '***************3445'
    >>> masked(field="email", plain="li@example.com")
    'l*@example.com'
    """
    match field:
        case "phone" | "id_number":
            return _keep(plain, first=3, last=4)
        case "name":
            return _keep(plain, first=1, last=0)
        case "bank_account":
            return _keep(plain, first=0, last=4)
        case "email":
            local, at, domain = plain.rpartition("@")
            return _keep(local, first=1, last=0) + at + domain if at else MASK * len(plain)
        case "address":
            return _keep(plain, first=6, last=0)
        case _:
            return MASK * len(plain)


def _keep(plain: str, *, first: int, last: int) -> str:
    """Keep both ends; a text too short to hide half as much as it shows is hidden whole."""
    hidden = len(plain) - first - last
    if hidden <= 0 or hidden * 2 < first + last:
        return MASK * len(plain)
    return plain[:first] + MASK * hidden + plain[len(plain) - last :]
