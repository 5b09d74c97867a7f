"""What outcomes are called where people see them."""

from collections.abc import Mapping

NO_RESULT = "no_result"


def named_outcomes(outcomes: Mapping[str, int], maybe_sent: int) -> dict[str, int]:
    """Counts by the name of their outcome.

    ``maybe_sent``: of those without a result so many may have been sent, and then nobody says of
    these that they were not started.
    """
    if not maybe_sent:
        return dict(outcomes)
    return {NO_RESULT if name == "not_started" else name: n for name, n in outcomes.items()}
