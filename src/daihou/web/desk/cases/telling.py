"""A refusal as what it is: each rule, its source, when it is permitted again."""

from dataclasses import dataclass
from datetime import datetime

from daihou.collect.guard import Decision, Ruling
from daihou.errors import DaihouError
from daihou.web.desk.answering import line_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    rule_id: str
    line: str
    source: str
    confidence: str
    must_be_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """``rules`` is empty where no rule of contact speaks: then ``line`` says it all."""

    code: str
    line: str
    rules: tuple[RuleLine, ...] = ()
    next_at: datetime | None = None


def refused_by(error: DaihouError) -> Refused:
    """Tell an error that an operation raised."""
    decision = getattr(error, "decision", None)
    if not isinstance(decision, Decision):
        return Refused(code=error.code, line=line_of(error))
    return Refused(
        code=error.code,
        line=line_of(error),
        rules=rule_lines(decision),
        next_at=decision.next_permitted_at,
    )


def rule_lines(decision: Decision) -> tuple[RuleLine, ...]:
    """Tell every rule that refuses."""
    return tuple(rule_line(ruling) for ruling in decision.refusals)


def rule_line(ruling: Ruling) -> RuleLine:
    """Tell one rule in the reader's language."""
    return RuleLine(
        rule_id=ruling.rule_id,
        line=line_of(DaihouError(ruling.code, **ruling.params)),
        source=ruling.source,
        confidence=ruling.confidence.value,
        must_be_verified=ruling.must_be_verified,
    )
