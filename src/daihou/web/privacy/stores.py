"""Every column that holds ciphertext: where it is, and the place that it was encrypted for.

``place`` is SQL over the row, as the app that writes the column builds it; the rotation of keys
reads it. A column that is not here keeps its old key in use, and a test finds it.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """``column`` holds the text of ``seal_text``, or the bytes beside a ``key_column``.

    ``writer`` is the module that encrypts it. ``holder`` is SQL for the id of the party it is
    about, where the column is emptied when her data are deleted.
    """

    writer: str
    table: str
    row_id: str
    column: str
    place: str
    key_column: str = ""
    holder: str = ""

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def key_sql(self) -> str:
        """Return the SQL of the key that a row is under; NULL for an empty one."""
        if self.key_column:
            return self.key_column
        return f"nullif(split_part({self.column}, ':', 1), '')"


def _of_visit(table: str, column: str, what: str) -> Store:
    return Store(
        writer="daihou.web.visits.operations",
        table=table,
        row_id="id",
        column=column,
        place=f"(SELECT 'visits_visit|{what}|' || v.key FROM visits_visit v "  # noqa: S608
        f"WHERE v.id = {table}.visit_id)",
        holder=f"(SELECT party_id FROM visits_visit v WHERE v.id = {table}.visit_id)",  # noqa: S608
    )


def _of_letter(column: str) -> Store:
    return Store(
        writer="daihou.web.channels.letters",
        table="channels_letter",
        row_id="id",
        column=column,
        place=f"'channels_letter|{column}|' || permit_ref",
        holder="(SELECT recipient_party_id FROM contacts_permit p WHERE p.id::text = permit_ref)",
    )


STORES: Final = (
    Store(
        writer="daihou.web.parties",
        table="parties_personaldatum",
        row_id="id",
        column="ciphertext",
        key_column="key_id",
        place="concat_ws('|', 'parties_personaldatum', 'ciphertext', party_id, field, position)",
    ),
    Store(
        writer="daihou.web.payments.intake",
        table="payments_channelnotice",
        row_id="id",
        column="body",
        key_column="key_id",
        place="'payments_channelnotice|body'",
    ),
    Store(
        writer="daihou.web.payments.links",
        table="payments_paylink",
        row_id="id",
        column="token",
        place="'payments_paylink|token|' || order_ref",
    ),
    Store(
        writer="daihou.web.cases.noting",
        table="cases_notetext",
        row_id="note_id",
        column="ciphertext",
        key_column="key_id",
        place="'cases_notetext|ciphertext|' || note_id",
    ),
    Store(
        writer="daihou.web.contacts.operations",
        table="contacts_outbox",
        row_id="permit_id",
        column="content",
        place="(SELECT 'contacts_outbox|content|' || p.address_key FROM contacts_permit p "
        "WHERE p.id = permit_id)",
        holder="(SELECT recipient_party_id FROM contacts_permit p WHERE p.id = permit_id)",
    ),
    _of_letter("name"),
    _of_letter("address"),
    Store(
        writer="daihou.web.channels.hearing",
        table="channels_heard",
        row_id="id",
        column="text",
        place="concat_ws('|', 'channels_heard', 'text', account_id, notice_ref)",
        holder="party_id",
    ),
    Store(
        writer="daihou.web.audit.withholding",
        table="audit_withheld",
        row_id="digest",
        column="sealed",
        place="'audit_withheld|sealed|' || digest",
    ),
    Store(
        writer="daihou.web.complaints.texts",
        table="complaints_complaint",
        row_id="id",
        column="said",
        place="'complaints_complaint|said|' || id",
        holder="party_id",
    ),
    Store(
        writer="daihou.web.complaints.texts",
        table="complaints_step",
        row_id="id",
        column="note",
        place="'complaints_complaint|note|' || complaint_id",
        holder="(SELECT party_id FROM complaints_complaint c WHERE c.id = complaint_id)",
    ),
    Store(
        writer="daihou.web.visits.operations",
        table="visits_visit",
        row_id="id",
        column="sealed_place",
        place="'visits_visit|place|' || key",
        holder="party_id",
    ),
    _of_visit("visits_checkin", "sealed_place", "check_in"),
    _of_visit("visits_report", "sealed_note", "note"),
)
