"""Whose an error is, and what it says."""

import pickle
from dataclasses import replace

import pytest

from batcher import errors
from batcher.errors import BatcherError, UpdatesFailed, YourError
from batcher.public_records import Counts, Error, Result
from batcher.records import Result as Record

ERRORS = [
    each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)
]


@pytest.mark.parametrize(
    "error",
    [each for each in ERRORS if issubclass(each, Exception)],
    ids=lambda each: each.__name__,
)
def test_every_error_is_batchers_own_and_says_what_it_means(error: type[Exception]) -> None:
    assert issubclass(error, BatcherError)
    assert error.__doc__


def test_what_the_caller_has_to_put_right_is_told_from_the_rest() -> None:
    yours = {each.__name__ for each in ERRORS if issubclass(each, YourError)}
    assert yours == {"YourError", "SettingsError", "InputError", "OutputExistsError"}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Error(code="Odd", message="no."), ": Odd: no"),
        (Error(code="Odd", message=""), ": Odd"),
        (None, ""),
    ],
)
def test_failed_updates_are_counted_and_the_first_is_named(error: Error | None, why: str) -> None:
    failed = Result.of(Record.invalid(4, "default", "no", "2026-01-01T00:00:00.000Z"))
    first = replace(failed, id="3", line=3, status="in_doubt", error=error)
    counts = Counts(total=5, succeeded=2, in_doubt=1, invalid=1, not_started=1)
    raised = UpdatesFailed([first, failed], counts, "interrupted")
    assert raised.results == (first, failed)
    assert str(raised).startswith(
        f"2 of the updates did not succeed; the first is id 3 (in_doubt{why}). It stopped early:"
        " interrupted. Of 5 updates: 2 succeeded, 1 in doubt, 1 invalid, 1 not started."
    )
    assert pickle.loads(pickle.dumps(raised)).results == raised.results


def test_every_error_has_a_place_for_results() -> None:
    assert BatcherError("no").results == ()
    error = YourError("no")
    error.results = (Result.of(Record.invalid(4, "default", "no", "2026-01-01T00:00:00.000Z")),)
    assert pickle.loads(pickle.dumps(error)).results == error.results
