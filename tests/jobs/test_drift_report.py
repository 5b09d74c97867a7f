"""What drift is, and what only could not be told."""

from typing import get_args

import pytest

from batcher.jobs.drift_report import Drifted, DriftedTrigger, DriftReport


@pytest.mark.parametrize("outcome", get_args(Drifted))
def test_each_outcome_is_drift_or_could_not_be_told(outcome: Drifted) -> None:
    found = DriftedTrigger(target="eu", domain="d", trigger="t", outcome=outcome)
    report = DriftReport(base=1, held=1, drifted=[found])
    assert report.count(outcome) == 1
    assert report.has_drift == report.complete == (outcome in ("changed", "gone", "new"))


def test_without_any_all_could_be_told() -> None:
    report = DriftReport(base=2, held=2, same=2)
    assert (report.has_drift, report.complete) == (False, True)
