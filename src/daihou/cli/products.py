"""``daihou products``: what is lent on which terms, and what a sample loan costs."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.loans.costs import Sample
    from daihou.web.loans.models import ProductVersion

app = typer.Typer(no_args_is_help=True, help="Products, their versions and samples.")

BookName = Annotated[str | None, typer.Option("--book", help="The book; default: the only one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command("list")
def show_all(*, book: BookName = None, as_json: AsJson = False) -> None:
    """List every version of every product: state, days in force, loans."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from daihou.web.loans import queries

    rows = [
        {
            "product": product.code,
            "version": version.version_no,
            "state": version.state,
            "origin": version.origin,
            "effective_on": version.effective_on,
            "effective_until": version.effective_until,
            "loans": queries.loans_of(version=version).count(),
        }
        for product in queries.products(book=opened.ledger)
        for version in queries.versions(product=product)
    ]
    lines = [
        f"{row['product']} {row['version']}: {row['state']}, {row['origin']},"
        f" {row['effective_on']} – {row['effective_until'] or '…'}, {row['loans']} loans"
        for row in rows
    ]
    output.emit({"versions": rows}, text="\n".join(lines) or "none", as_json=as_json)


@app.command()
def sample(
    code: Annotated[str, typer.Argument(help="The product.")],
    version_no: Annotated[int, typer.Argument(help="Its version.")],
    *,
    principal: Annotated[str, typer.Option(help="In the currency's own unit.")] = "",
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Default: its first day.")
    ] = None,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Plan a loan of a version and say what it costs a year."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from daihou.core import codec
    from daihou.web.loans import queries

    digits = opened.ledger.minor_digits
    found = queries.sample_of(
        version=_version(opened.ledger.pk, code, version_no),
        principal_minor=_minor(principal, digits=digits),
        start_on=start.date() if start else None,
    )
    document = {
        "principal_minor": found.principal_minor,
        "start_on": found.start_on,
        "received_minor": found.received_minor,
        "cost_minor": found.cost_minor,
        "nominal_rate": str(found.nominal_rate),
        "effective_rate": str(found.effective_rate),
        "instalments": codec.encode(found.instalments),
        "costs": [
            {"item": codec.encode(row.item), "amount_minor": row.amount_minor} for row in found.rows
        ],
    }
    output.emit(document, text=_text(found, digits=digits), as_json=as_json)


def _text(found: "Sample", *, digits: int) -> str:
    def money(amount_minor: int) -> str:
        return output.money(amount_minor, digits=digits)

    head = (
        f"principal {money(found.principal_minor)}, received {money(found.received_minor)},"
        f" cost {money(found.cost_minor)}"
    )
    rates = (
        f"a year: nominal {found.nominal_rate * 100:.2f} %,"
        f" effective {found.effective_rate * 100:.2f} %"
    )
    rows = [
        f"{row.instalment_no:>4} {row.due_on} {money(row.principal_minor):>16}"
        f" {money(row.interest_minor):>14} {money(row.fee_minor):>12}"
        for row in found.instalments
    ]
    return "\n".join([head, rates, *rows])


def _version(book_id: int, code: str, version_no: int) -> "ProductVersion":
    from daihou.web.loans.models import ProductVersion

    found = (
        ProductVersion.objects.filter(
            product__book_id=book_id, product__code=code, version_no=version_no
        )
        .select_related("product__book", "terms")
        .first()
    )
    if found is None:
        raise DaihouError("product.version_unknown", product=code, version=version_no)
    return found


def _minor(text: str, *, digits: int) -> int | None:
    if not text:
        return None
    try:
        minor = Decimal(text.replace(",", "")).scaleb(digits)
    except InvalidOperation as exception:
        raise DaihouError("product.principal_wrong", text=text[:40]) from exception
    if not minor.is_finite() or minor != minor.to_integral_value() or minor <= 0:
        raise DaihouError("product.principal_wrong", text=text[:40])
    return int(minor)
