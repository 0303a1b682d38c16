"""Run a file of cases and count what passes, by trust and by feature."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from daihou.conformance.cases import Case
from daihou.conformance.commands import carry_out
from daihou.conformance.compare import CHECKS, Difference, check
from daihou.conformance.loan import PeerLoan
from daihou.conformance.support import deviation_of, unsupported_operation


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    DEVIATION = "deviation"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDifference:
    step: int  # Counted from 1.
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    case: Case
    outcome: Outcome
    reason: str = ""  # Of what is unsupported or differs on purpose.
    differences: tuple[StepDifference, ...] = ()


def run_case(case: Case) -> Result:
    """Run one case to its end; it fails with every cell that differs."""
    if operation := unsupported_operation(case):
        return Result(case=case, outcome=Outcome.UNSUPPORTED, reason=operation)
    differences = tuple(_differences(case))
    if not differences:
        return Result(case=case, outcome=Outcome.PASSED)
    if deviation := deviation_of(case):
        return Result(
            case=case,
            outcome=Outcome.DEVIATION,
            reason=deviation.name,
            differences=differences,
        )
    return Result(case=case, outcome=Outcome.FAILED, differences=differences)


def _differences(case: Case) -> Iterator[StepDifference]:
    loan = PeerLoan(case)
    for number, step in enumerate(case.steps, start=1):
        try:
            if step["op"] in CHECKS:
                found = check(loan, step)
            else:
                carry_out(loan, step)
                found = []
        except ValueError as refused:  # A refusal of ours where the peer goes on.
            found = [_refusal(step["op"], refused)]
            yield from (StepDifference(step=number, difference=each) for each in found)
            return
        yield from (StepDifference(step=number, difference=each) for each in found)


def _refusal(operation: str, refused: ValueError) -> Difference:
    code = getattr(refused, "code", str(refused))
    return Difference(table=operation, row="", column="", ours=f"refused: {code}", theirs="done")


def run_cases(cases: Iterable[Case]) -> Iterator[Result]:
    for case in cases:
        yield run_case(case)


def summary(results: Sequence[Result]) -> dict[str, object]:
    """Count results as the command's JSON document."""
    trusts = sorted({result.case.trust for result in results})
    features = sorted({feature for result in results for feature in result.case.features})
    return {
        **_counts(results),
        "by_trust": {
            trust: _counts([result for result in results if result.case.trust == trust])
            for trust in trusts
        },
        "by_feature": {
            feature: _counts([result for result in results if feature in result.case.features])
            for feature in features
        },
        "failures": [
            {"case": result.case.case_id, "step": each.step, **asdict(each.difference)}
            for result in results
            if result.outcome is Outcome.FAILED
            for each in result.differences
        ],
    }


def _counts(results: Sequence[Result]) -> dict[str, int]:
    return {
        "total": len(results),
        **{str(outcome): sum(each.outcome is outcome for each in results) for outcome in Outcome},
    }


def feature_table(results: Sequence[Result]) -> str:
    """Write the counts by trust and by feature as Markdown, for the page.

    >>> print(feature_table([]))
    | Trust | total | passed | failed | deviation | unsupported |
    |---|---|---|---|---|---|
    | all | 0 | 0 | 0 | 0 | 0 |
    <BLANKLINE>
    | Feature | total | passed | failed | deviation | unsupported |
    |---|---|---|---|---|---|
    <BLANKLINE>
    """
    trusts = sorted({each.case.trust for each in results})
    features = sorted({feature for each in results for feature in each.case.features})
    by_trust = {
        **{name: [each for each in results if each.case.trust == name] for name in trusts},
        "all": results,
    }
    by_feature = {
        name.replace("_", " "): [each for each in results if name in each.case.features]
        for name in features
    }
    return _markdown("Trust", by_trust) + "\n" + _markdown("Feature", by_feature)


def _markdown(title: str, groups: Mapping[str, Sequence[Result]]) -> str:
    columns = ("total", *Outcome)
    lines = [f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, chosen in groups.items():
        counts = _counts(chosen)
        lines.append(f"| {name} | {' | '.join(str(counts[column]) for column in columns)} |")
    return "\n".join(lines) + "\n"
