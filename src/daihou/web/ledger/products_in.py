"""Give every loan of a product the version of its terms; versions count up as terms are first seen.

Shape   One version per product and distinct terms, without what is a loan's own
        (``agreed.product_terms``). ``effective_on`` is the earliest start seen, so it may go back.
        Versions of our own (``loans.operations``) are left alone: a tape tells what was sold.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from psycopg import Connection

_FOUND = {"product_id": pl.Int64, "product_terms_id": pl.Int64, "product_version_id": pl.Int64}


def put_versions(
    connection: Connection[Any], *, loans: pl.DataFrame, products: Mapping[str, int]
) -> pl.DataFrame:
    """Add the versions that are new; return the loans with ``product_version_id``.

    ``loans`` names ``product_code``, ``product_terms_id`` and ``start_on``.
    """
    codes = pl.DataFrame(
        {"product_code": list(products), "product_id": list(products.values())},
        schema={"product_code": pl.String, "product_id": pl.Int64},
    )
    coded = loans.join(codes, on="product_code", how="left", maintain_order="left")
    seen = (
        coded.filter(pl.col("product_id").is_not_null())
        .group_by("product_id", "product_terms_id")
        .agg(pl.col("start_on").min())
        .sort("product_id", "start_on", "product_terms_id")
    )
    found = pl.DataFrame(_versions(connection, seen), schema=_FOUND, orient="row")
    on = ["product_id", "product_terms_id"]
    return coded.join(found, on=on, how="left", maintain_order="left")


def _versions(connection: Connection[Any], seen: pl.DataFrame) -> list[tuple[int, int, int]]:
    columns = [seen[name].to_list() for name in ("product_id", "product_terms_id", "start_on")]
    connection.execute(
        "INSERT INTO loans_productversion (product_id, terms_id, effective_on, version_no)"
        " SELECT seen.product_id, seen.terms_id, seen.start_on,"
        "  coalesce((SELECT max(version_no) FROM loans_productversion v"
        "            WHERE v.product_id = seen.product_id), 0)"
        "  + row_number() OVER (PARTITION BY seen.product_id ORDER BY seen.place)"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::date[]) WITH ORDINALITY"
        "  AS seen (product_id, terms_id, start_on, place)"
        " WHERE NOT EXISTS (SELECT FROM loans_productversion v WHERE"
        "  v.product_id = seen.product_id AND v.terms_id = seen.terms_id"
        "  AND v.origin = 'imported')",
        columns,
    )
    return connection.execute(
        "WITH seen AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::date[])"
        "  AS t (product_id, terms_id, start_on)),"
        " moved AS (UPDATE loans_productversion v SET effective_on = seen.start_on FROM seen"
        "  WHERE v.product_id = seen.product_id AND v.terms_id = seen.terms_id"
        "  AND v.origin = 'imported' AND v.effective_on > seen.start_on)"
        " SELECT v.product_id, v.terms_id, v.id FROM loans_productversion v JOIN seen"
        "  ON v.product_id = seen.product_id AND v.terms_id = seen.terms_id"
        "  AND v.origin = 'imported'",
        columns,
    ).fetchall()
