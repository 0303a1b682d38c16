"""The words of the ledger as people read them, in the language of the request."""

from django.utils.translation import gettext_lazy as _

STATES = {
    "pending": _("Not paid out"),
    "active": _("Active"),
    "closed": _("Closed"),
    "written_off": _("Written off"),
}
COMPONENTS = {
    "principal": _("Principal"),
    "interest": _("Interest"),
    "fee": _("Fee"),
    "penalty": _("Penalty"),
    "compound_interest": _("Compound interest"),
}
EVENTS = {
    "disbursed": _("Disbursed"),
    "payment_received": _("Payment received"),
    "payment_reversed": _("Payment reversed"),
    "charge_added": _("Charge added"),
    "charge_waived": _("Charge waived"),
    "penalty_stopped": _("Penalty stopped"),
    "penalty_started": _("Penalty started"),
    "written_off": _("Written off"),
    "recovered": _("Recovered"),
    "closed": _("Closed"),
    "opened": _("Brought in at cut-over"),
    "stated": _("Stated by the source"),
    "extended": _("Extended"),
    "deferred": _("Deferred"),
    "re_aged": _("Re-aged"),
    "re_amortized": _("Overdue spread over the rest"),
    "due_dates_moved": _("Due dates moved"),
    "rate_changed": _("Rate changed"),
    "term_changed": _("Term changed"),
    "overdue_planned": _("Overdue amount in instalments"),
    "card_instalments": _("Personalised instalments"),
    "accelerated": _("All called due"),
    "interest_paused": _("Interest paused"),
    "prepaid": _("Prepaid"),
    "charged_back": _("Charged back"),
    "refunded": _("Refunded out"),
    "owner_changed": _("Owner changed"),
    "compensated": _("Compensated by the guarantor"),
    "claim_recovered": _("Claim recovered"),
    "undone": _("Undone"),
}
EVENT_ICONS = {
    "disbursed": "cash-banknote",
    "payment_received": "circle-check",
    "payment_reversed": "arrow-back-up",
    "charge_added": "receipt",
    "charge_waived": "receipt-off",
    "penalty_stopped": "player-pause",
    "penalty_started": "player-play",
    "written_off": "circle-x",
    "recovered": "cash-move-back",
    "closed": "flag-check",
    "opened": "transfer-in",
    "stated": "file-text",
    "extended": "calendar-plus",
    "deferred": "player-skip-forward",
    "re_aged": "refresh",
    "re_amortized": "chart-arrows",
    "due_dates_moved": "calendar-cog",
    "rate_changed": "percentage",
    "term_changed": "arrows-horizontal",
    "overdue_planned": "list-numbers",
    "card_instalments": "user-cog",
    "accelerated": "bolt",
    "interest_paused": "clock-pause",
    "prepaid": "player-track-next",
    "charged_back": "credit-card-refund",
    "refunded": "receipt-refund",
    "owner_changed": "arrows-exchange",
    "compensated": "shield-check",
    "claim_recovered": "coin",
    "undone": "arrow-back-up",
}
TURNS = {
    "entered_bucket": _("Fell past due"),
    "rolled": _("Rolled"),
    "cured": _("Cured"),
    "first_payment_missed": _("First payment missed"),
    "matured_unpaid": _("Matured unpaid"),
    "closed": _("Closed"),
}
METHODS = {
    "equal_instalment": _("Equal instalments"),
    "equal_principal": _("Equal principal"),
    "interest_only": _("Interest only, principal at the end"),
    "bullet": _("One payment at the end"),
    "flat": _("Flat: equal principal and interest"),
    "balloon": _("Balloon"),
    "free": _("Agreed dates and amounts"),
}
RATE_PERIODS = {"year": _("a year"), "month": _("a month"), "day": _("a day")}
RUN_STATES = {
    "running": _("Running"),
    "halted": _("Halted"),
    "done": _("Done"),
    "pending": _("Waiting"),
    "computed": _("Computed"),
}
CAUSES = {
    "charge_off": _("Charged off at the source"),
    "adjustment": _("Adjusted at the source"),
    "overpayment": _("Paid more than was owed"),
    "refund": _("Refunded"),
    "no_schedule": _("No schedule"),
    "difference": _("Unexplained difference"),
}
UNITS = {
    "loans": _("loans"),
    "loan": _("loans"),
    "loan-months": _("loan-months"),
    "stated figures": _("stated figures"),
}
FIGURES = {
    "owed": _("Owed in all"),
    "balance": _("Balance"),
    "stated_principal": _("Principal outstanding"),
    "stated_overdue": _("Overdue amount"),
    "stated_days": _("Days past due"),
}
CHARTS = {
    "overdue_amount": _("Overdue amount"),
    "late_rate": _("Share of principal past due"),
    "late_loans": _("Loans past due"),
    "first_payment_rate": _("First payment default"),
    "matured": _("Matured loans"),
    "late": _("Late"),
    "months_on_book": _("Months on book"),
    "share": _("Share of what was lent"),
    "no_data": _("No data yet"),
}
INSTALMENT_STATES = {
    "paid": _("Paid in full"),
    "partial": _("Part paid"),
    "overdue": _("Past due"),
    "due_today": _("Due today"),
    "next": _("Next"),
    "later": _("Not due"),
}
COMPARED = {
    "owed": _("Owed on the day"),
    "principal": _("Principal outstanding"),
    "days_past_due": _("Days past due"),
    "bucket": _("Bucket"),
    "payoff": _("Pay-off figure"),
}
PHASES = {
    "extract": _("Reading the ledger"),
    "compute": _("Computing"),
    "write": _("Writing shards"),
    "publish": _("Publishing"),
}


def state_word(state: str) -> str:
    """Name a bucket or an end: M1 stays M1, M0 is Current."""
    return str(STATES.get(state, state))


LEVELS = {
    "normal": _("Normal"),
    "special_mention": _("Special mention"),
    "substandard": _("Substandard"),
    "doubtful": _("Doubtful"),
    "loss": _("Loss"),
}
CLOCKS = {
    "nothing_owed": _("Nothing owed"),
    "not_begun": _("Not begun"),
    "running": _("Running"),
    "in_proceedings": _("In proceedings"),
    "suspended": _("Suspended"),
    "enforceable": _("Judgment enforceable"),
    "enforcement_expired": _("Enforcement run out"),
    "expired": _("Run out"),
}
GROUNDS = {
    "payment": _("Payment"),
    "plan_change": _("Change of the plan"),
    "demand": _("Demand"),
    "auto_debit": _("Arrears debited"),
    "promise": _("Promise"),
    "acknowledgement": _("Acknowledgement"),
    "suit": _("Suit"),
    "suspension": _("Suspension"),
    "judgment": _("Judgment"),
    "enforcement": _("Enforcement asked for"),
    "guarantor_demand": _("Demand on the guarantor"),
}
TURN_REASONS = {
    "not_arrived": _("its arrival is not proved"),
    "not_yet": _("not arrived by this day"),
    "not_begun": _("before the period began"),
    "after_expiry": _("after the period had run out"),
    "before_last_months": _("not within the last months"),
    "no_judgment": _("there is no judgment"),
    "other_clock": _("moves another clock"),
}
CAUSES = {
    "accrual": _("Accrual of the day"),
    "suspense": _("Money held, spent"),
    "provision": _("Provision"),
    "disbursement": _("Paid out"),
    "opening": _("Brought in at cut-over"),
    "payment": _("Payment"),
    "reversal": _("Reversal"),
    "charge": _("Charge"),
    "waiver": _("Waiver"),
    "penalty_rule": _("Penalty stopped or started"),
    "charge_off": _("Charge-off"),
    "recovery": _("Recovery"),
    "closing": _("Closing"),
    "statement": _("Stated by the source"),
    "plan_change": _("Change of the plan"),
    "prepayment": _("Prepayment"),
    "chargeback": _("Chargeback"),
    "refund": _("Refund"),
    "owner_change": _("Change of owner"),
    "compensation": _("Compensation"),
    "claim_recovery": _("Claim recovered"),
    "undo": _("Undoing"),
}
MEASURES = {
    "principal": _("Principal"),
    "interest": _("Interest"),
    "fee": _("Fees"),
    "penalty": _("Penalty"),
    "compound_interest": _("Compound interest"),
    "unapplied": _("Money held"),
}
