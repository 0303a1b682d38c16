"""How amounts, shares and counts are written. Units: minor units in, text out; no arithmetic."""

from django.utils.translation import get_language

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "NGN": "₦", "KES": "KSh ", "INR": "₹"}
CHINESE_UNITS = ((10**8, "亿"), (10**4, "万"))
ENGLISH_UNITS = ((10**9, "B"), (10**6, "M"), (10**3, "K"))


def full(amount_minor: int, *, digits: int) -> str:
    """Write an amount with all its digits.

    >>> full(-123456789, digits=2), full(5, digits=3), full(1200, digits=0)
    ('-1,234,567.89', '0.005', '1,200')
    """
    whole, part = divmod(abs(amount_minor), 10**digits)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}" + (f".{part:0{digits}d}" if digits else "")


def short(amount_minor: int, *, digits: int) -> str:
    """Write an amount to about four places, in the units of the language (万, 亿; K, M, B)."""
    chinese = (get_language() or "").startswith("zh")
    for size, unit in CHINESE_UNITS if chinese else ENGLISH_UNITS:
        scaled = size * 10**digits
        if abs(amount_minor) >= scaled:
            value = amount_minor / scaled
            return f"{value:,.{_places(value)}f}{' ' if chinese else ''}{unit}"
    return full(amount_minor, digits=digits)


def _places(value: float) -> int:
    return 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0


def share(rate: float | None, *, places: int = 2) -> str:
    """Write a fraction as a percentage; a share of nothing is a dash.

    >>> share(0.04831), share(None), share(1, places=0)
    ('4.83%', '–', '100%')
    """
    return "–" if rate is None else f"{rate:.{places}%}"


def sign(currency: str) -> str:
    """Give what stands before an amount of this currency."""
    return SIGNS.get(currency, f"{currency} ")
