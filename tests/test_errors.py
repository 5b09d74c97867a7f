"""Whose an error is, and what it says."""

import pytest

from batcher import errors
from batcher.errors import BatcherError, UpdatesFailed, YourError
from batcher.records import Error, Result

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
    assert yours == {"YourError", "SettingsError", "InputError"}


@pytest.mark.parametrize(
    ("error", "why"), [(Error(code="Odd", message="no"), "Odd"), (None, "in_doubt")]
)
def test_failed_updates_are_counted_and_the_first_is_named(error: Error | None, why: str) -> None:
    result = Result.invalid(3, "default", "no", "2026-01-01T00:00:00.000Z")
    failed = Result.invalid(4, "default", "no", "2026-01-01T00:00:00.000Z")
    members = {name: getattr(result, name) for name in Result.__struct_fields__}
    first = Result(**{**members, "status": "in_doubt", "error": error})
    raised = UpdatesFailed([first, failed])
    assert raised.results == (first, failed)
    assert str(raised).startswith(
        f"2 of the updates did not succeed; the first is id 3 (in_doubt: {why})."
    )
