"""Say naively whether a contact breaks a rule, from the text of the rules and not from the guard.

Only what time and history decide; everything else of the requests drawn is in order.
"""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from daihou.collect.facts import AgreementKind
from daihou.collect.requests import Channel, Outcome, Purpose

CALLS = (Channel.VOICE, Channel.ROBOT)
BINDING = (Purpose.REMINDER, Purpose.COLLECTION)
HOURS = {"CN": (8, 22), "US": (8, 21), "IN": (8, 19)}
MESSAGES = {Channel.SMS: (3, 1), Channel.EMAIL: (2, 1), Channel.LETTER: (2, 7)}  # Most, in days.
SPOKE = (Outcome.EFFECTIVE, Outcome.REFUSED)
NOBODY = (Outcome.UNANSWERED, Outcome.BUSY)
OPEN = (None, Outcome.UNKNOWN)
NEVER_LEFT = {Outcome.WITHDRAWN, Outcome.FAILED}
BUSY_COUNTS_NOT_FROM = date(2026, 11, 22)  # In the United States.


def is_forbidden(asked, known):
    """Return whether any rule forbids the contact at its instant."""
    return any(is_forbidden_in(asked, known, ZoneInfo(name)) for name in known.time_zones)


def is_forbidden_in(asked, known, zone):
    if asked.channel in CALLS and any(
        each.outcome is None and each.channel in CALLS and not each.is_inbound
        for each in known.attempts
    ):
        return True
    if asked.purpose is Purpose.SERVICE_ANSWER:
        return not may_answer(asked, known, zone)
    if asked.purpose not in BINDING:
        rings = asked.channel in CALLS
        is_notice = asked.purpose in {Purpose.STATUTORY_NOTICE, Purpose.RECEIPT}
        if rings and is_notice and not within(asked.at, zone, 8, 21):
            return True
        return asked.purpose is Purpose.STATUTORY_NOTICE and too_many_notices(asked, known, zone)
    agreed = {each.kind for each in known.agreements}
    if asked.channel is not Channel.LETTER:
        at_any_hour = AgreementKind.HOURS in agreed and known.jurisdiction != "IN"
        if not at_any_hour and not within(asked.at, zone, *HOURS[known.jurisdiction]):
            return True
    for order in known.stop_orders:
        if order.from_at <= asked.at and (order.until_at is None or asked.at < order.until_at):
            return True
    counted = [each for each in known.attempts if each.purpose in BINDING or each.is_inbound]
    if asked.channel in CALLS:
        return calls_forbid(asked, known, counted, zone, agreed)
    if asked.channel in MESSAGES:
        most, days = MESSAGES[asked.channel]
        sent = [
            each
            for each in counted
            if each.channel is asked.channel
            and not each.is_inbound
            and each.outcome not in NEVER_LEFT
            and days_ago(asked, each, zone) < days
        ]
        return len(sent) >= most
    return False


def may_answer(asked, known, zone):
    hers = [each for each in known.attempts if each.is_inbound]
    answers = [
        each
        for each in known.attempts
        if each.purpose is Purpose.SERVICE_ANSWER
        and not each.is_inbound
        and each.outcome not in {Outcome.WITHDRAWN, Outcome.FAILED}
        and days_ago(asked, each, zone) < 7
    ]
    return any(days_ago(asked, each, zone) < 30 for each in hers) and len(answers) < 3


def too_many_notices(asked, known, zone):
    sent = [
        each
        for each in known.attempts
        if each.purpose is Purpose.STATUTORY_NOTICE
        and not each.is_inbound
        and each.outcome not in NEVER_LEFT
        and set(each.debt_keys) & set(asked.debt_keys)
        and days_ago(asked, each, zone) < 7
    ]
    return len(sent) >= 3


def calls_forbid(asked, known, counted, zone, agreed):
    calls = [each for each in counted if each.channel in CALLS]
    if known.jurisdiction == "US":
        return us_calls_forbid(asked, calls, zone)
    today = [each for each in calls if days_ago(asked, each, zone) < 1 and not each.is_inbound]
    spoken = [each for each in today if each.outcome in SPOKE + OPEN]
    silent = [
        each
        for each in today
        if each.outcome in NOBODY + OPEN and each.address_key == asked.address_key
    ]
    more_dials = AgreementKind.DIALS in agreed and known.jurisdiction == "CN"
    return len(spoken) >= 3 or (len(silent) >= 6 and not more_dials)


def us_calls_forbid(asked, calls, zone):
    is_busy_out = asked.at.astimezone(zone).date() >= BUSY_COUNTS_NOT_FROM
    left_out = NEVER_LEFT | ({Outcome.BUSY} if is_busy_out else set())
    for key in asked.debt_keys:
        week = [each for each in calls if key in each.debt_keys and days_ago(asked, each, zone) < 7]
        placed = [each for each in week if not each.is_inbound and each.outcome not in left_out]
        talked = [each for each in week if each.outcome in SPOKE + OPEN]
        if len(placed) >= 7 or talked:
            return True
    return False


def days_ago(asked, each, zone):
    return (asked.at.astimezone(zone).date() - each.at.astimezone(zone).date()).days


def within(when, zone, opens, closes):
    local = when.astimezone(zone)
    return opens <= local.hour + timedelta(minutes=local.minute) / timedelta(hours=1) < closes
