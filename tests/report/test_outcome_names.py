"""Outcomes by the names that people see: what may have been sent is not called not started."""

from batcher.report.outcome_names import named_outcomes


def test_only_where_nothing_can_have_been_sent_what_has_no_result_was_not_started() -> None:
    found = {"succeeded": 2, "failed": 0, "not_started": 3}
    assert named_outcomes(found, 0) == found
    assert list(named_outcomes(found, 1).items()) == [
        ("succeeded", 2),
        ("failed", 0),
        ("no_result", 3),
    ]
