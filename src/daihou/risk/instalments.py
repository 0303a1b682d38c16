"""Instalments as risk reports count them: one row each, with the whole amount agreed.

Units   ``due_minor`` is principal, interest and fee in minor units; penalty is no part of it.
Shape   ``dues`` as ``engine.replay.dues`` gives it.
"""

import polars as pl


def instalments(dues: pl.DataFrame) -> pl.DataFrame:
    """Keep ``loan_id, instalment_no, due_on, paid_on, due_minor``."""
    agreed = ("principal_due_minor", "interest_due_minor", "fee_due_minor")
    return dues.select(
        "loan_id", "instalment_no", "due_on", "paid_on", due_minor=pl.sum_horizontal(agreed)
    )
