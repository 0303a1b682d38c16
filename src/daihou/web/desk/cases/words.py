"""The words of collections as people read them, in the language of the request."""

from django.utils.translation import gettext_lazy as _

from daihou.collect.next_step import Step

VISIT_STATES = {
    "planned": _("To make"),
    "under_way": _("Under way"),
    "reported": _("Made"),
    "called_off": _("Called off"),
}
VISIT_OUTCOMES = {
    "met": _("Met the person"),
    "met_other": _("Met somebody else"),
    "nobody": _("Nobody at home"),
    "moved": _("Moved away"),
    "wrong_address": _("Wrong address"),
    "refused": _("Would not talk"),
    "unsafe": _("Not safe, left"),
}
VISIT_ENTRIES = {
    "not_asked": _("Stayed outside"),
    "consented": _("Let in by consent"),
    "refused": _("No consent, not entered"),
}
POINT_FAULTS = {
    "value_gone": _("deleted"),
    "ended": _("ended"),
    "not_yet": _("not yet in use"),
    "wrong_party": _("somebody else's"),
    "no_basis": _("no right to use it"),
}
POINT_KINDS = {
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "account": _("Bank account"),
    "wechat": _("WeChat"),
    "push": _("App"),
}
RECIPIENTS = {
    "debtor": _("the borrower"),
    "co_borrower": _("co-borrower"),
    "guarantor": _("guarantor"),
    "spouse": _("spouse"),
    "heir": _("heir"),
    "contact_person": _("contact person"),
    "attorney": _("attorney"),
    "other": _("somebody else"),
}
CHANNELS = {
    "voice": _("Call"),
    "robot": _("Robot call"),
    "sms": _("SMS"),
    "email": _("E-mail"),
    "letter": _("Posted letter"),
    "push": _("App push"),
    "wechat": _("WeChat"),
    "whatsapp": _("WhatsApp"),
    "visit": _("Visit"),
}
CHANNEL_ICONS = {
    "voice": "phone",
    "robot": "robot",
    "sms": "message-2",
    "email": "mail",
    "letter": "mail-opened",
    "push": "bell",
    "wechat": "brand-wechat",
    "whatsapp": "brand-whatsapp",
    "visit": "map-pin",
}
STEPS = {
    Step.NOTHING: _("Nothing to collect"),
    Step.REFRESH: _("Wait for the end of day"),
    Step.HAND_OVER: _("Hand over"),
    Step.MATCH_PAYMENT: _("Find the payment"),
    Step.ANSWER: _("Answer first"),
    Step.KEEP_SILENT: _("Do not contact"),
    Step.AWAIT_PROMISE: _("Wait for the promise"),
    Step.AFTER_TALK: _("Write down what was agreed"),
    Step.HARDSHIP: _("Look at what she can pay"),
    Step.PLAN: _("Offer a plan"),
    Step.FIND_NUMBER: _("Find a number"),
    Step.DEMAND: _("Send a demand"),
    Step.CALL: _("Call"),
    Step.MESSAGE: _("Send a message"),
    Step.VISIT: _("Plan a visit"),
    Step.WAIT: _("Wait"),
}
STEP_ICONS = {
    Step.NOTHING: "circle-check",
    Step.REFRESH: "moon-stars",
    Step.HAND_OVER: "user-share",
    Step.MATCH_PAYMENT: "zoom-money",
    Step.ANSWER: "message-report",
    Step.KEEP_SILENT: "hand-stop",
    Step.AWAIT_PROMISE: "calendar-check",
    Step.AFTER_TALK: "pencil",
    Step.HARDSHIP: "heart-handshake",
    Step.PLAN: "adjustments-dollar",
    Step.FIND_NUMBER: "address-book",
    Step.DEMAND: "mail-opened",
    Step.CALL: "phone",
    Step.MESSAGE: "message-2",
    Step.VISIT: "map-pin",
    Step.WAIT: "clock-pause",
}
WHY = {
    "stale": _("The figures are of %(as_of)s; the business date is %(date)s."),
    "state": _("It is noted of her: %(state)s."),
    "claimed": _("She says that she has paid: contact waits until that is matched."),
    "complaint": _("A complaint is open."),
    "dispute": _("She disputes the debt."),
    "stopped": _("A stop order holds: %(kind)s."),
    "nothing_owed": _("Nothing is overdue."),
    "promised": _("She promised to pay by %(day)s."),
    "talked": _("She was spoken with today: nobody calls again before tomorrow."),
    "broken": _("Promises broken: %(count)s."),
    "limitation": _("The claim runs out on %(day)s, in %(days)s days."),
    "no_number": _("No number of hers may be used; %(days)s days past due."),
    "unanswered": _("%(count)s calls in a row were not answered."),
    "overdue": _("%(days)s days past due; a call is permitted now."),
    "overdue_message": _("%(days)s days past due; a message is permitted now."),
    "overdue_visit": _("%(days)s days past due; a visit is permitted now."),
    "no_way_open": _("No way to her is open now."),
}
STATES = {
    "deceased": _("deceased"),
    "incapable": _("without legal capacity"),
    "bankrupt": _("bankrupt"),
    "identity_theft": _("identity theft"),
    "hardship": _("hardship"),
    "vulnerable": _("vulnerable"),
    "attorney": _("has an attorney"),
    "in_custody": _("in custody"),
    "breathing_space": _("breathing space"),
    "missing": _("missing"),
}
STOPS = {
    "contact_refused": _("a contact person refused"),
    "cease": _("she asked to be left alone"),
    "opt_out": _("opted out of a channel"),
    "wrong_person": _("somebody else's number"),
    "dispute": _("dispute"),
    "complaint": _("complaint"),
    "paid_claim": _("says it is paid"),
    "already_paid": _("says it is paid"),
    "attorney": _("has an attorney"),
    "breathing_space": _("breathing space"),
    "death": _("death"),
    "incapacity": _("without legal capacity"),
    "bankruptcy": _("bankruptcy"),
    "identity_theft": _("identity theft"),
    "hardship": _("hardship"),
    "vulnerable": _("vulnerable"),
    "workplace": _("not at work"),
    "house": _("decided in house"),
    "hold": _("decided in house"),
}
TAGS = {
    "hardship": _("Hardship"),
    "vulnerable": _("Vulnerable"),
    "dispute": _("Dispute"),
    "fraud": _("Fraud suspected"),
    "lost_contact": _("Lost contact"),
}
CASE_STATES = {"open": _("Being collected"), "calm": _("Calm"), "closed": _("Case closed")}
PROMISE_KINDS = {
    "full": _("Everything"),
    "arrears": _("All that is overdue"),
    "part": _("A part"),
    "instalments": _("In instalments"),
}
PROMISE_STATES = {
    "open": _("Not yet due"),
    "kept": _("Kept"),
    "broken": _("Broken"),
    "superseded": _("Replaced"),
    "withdrawn": _("Withdrawn"),
}
PROMISE_FILTERS = {
    "none": _("None"),
    "any": _("Any"),
    "today": _("Due by today"),
    "soon": _("Within three days"),
    "later": _("Later"),
}
SORTS = {
    "turn": _("Whose turn it is"),
    "amount": _("Largest amount"),
    "age": _("Oldest"),
    "promise": _("Promise first due"),
}
OUTCOMES = {
    "effective": _("Spoke with her"),
    "unanswered": _("No answer"),
    "busy": _("Busy"),
    "wrong_person": _("Somebody else"),
    "refused": _("Would not talk"),
    "failed": _("Did not go through"),
    "unknown": _("Not known"),
    "delivered": _("Delivered"),
    "bounced": _("Came back"),
    "withdrawn": _("Taken back"),
}
POINT_SOURCES = {
    "contract": _("contract"),
    "person": _("from herself"),
    "desk": _("noted here"),
    "contact_person": _("from a contact person"),
    "previous": _("from the earlier system"),
    "other": _("other lawful source"),
}
FIELDS = {
    "name": _("Name"),
    "id_number": _("ID number"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "address": _("Address"),
    "bank_account": _("Bank account"),
    "wechat": _("WeChat"),
    "push": _("App"),
}
NATURES = {"complaint": _("A complaint is open"), "dispute": _("She disputes the debt")}
TOPICS = {
    "frequency": _("Contacted too often"),
    "hours": _("Contacted at bad hours"),
    "conduct": _("How we behaved"),
    "third_party": _("Others were told"),
    "wrong_person": _("Not the debtor"),
    "privacy": _("Personal data"),
    "amount": _("The amount is wrong"),
    "fees": _("Too much interest or fees"),
    "payment": _("A payment is missing"),
    "identity": _("Somebody else took the loan"),
    "credit_report": _("Credit report"),
    "plan": _("A plan was refused"),
    "contract": _("Contract and what was told"),
    "service": _("Service"),
    "other": _("Other"),
}
INTAKES = {
    "desk": _("At the desk"),
    "phone": _("By phone"),
    "sms": _("By SMS"),
    "email": _("By e-mail"),
    "wechat": _("By WeChat"),
    "visit": _("On a visit"),
}
PURPOSES = {
    "reminder": _("Reminder"),
    "collection": _("Collection"),
    "statutory_notice": _("Statutory notice"),
    "service_answer": _("Answer"),
    "receipt": _("Receipt"),
}
LINES = {
    "wages": _("Wages"),
    "business": _("Business"),
    "benefits": _("Benefits"),
    "pension": _("Pension"),
    "family": _("From the family"),
    "other_income": _("Other income"),
    "housing": _("Housing"),
    "food": _("Food"),
    "utilities": _("Water, power, phone"),
    "transport": _("Transport"),
    "health": _("Health"),
    "education": _("Education"),
    "dependants": _("Dependants"),
    "insurance": _("Insurance"),
    "other_debts": _("Other debts"),
    "other_expenses": _("Other expenses"),
}
