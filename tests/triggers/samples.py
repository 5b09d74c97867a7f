"""Requests of UpdateEventTrigger, and triggers as AWS shows them."""

import copy
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from batcher.records import BasedOn, Update
from tests.updates.samples import valid_lines

SHOWN_AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def requests() -> st.SearchStrategy[dict[str, Any]]:
    """Requests of UpdateEventTrigger."""
    return valid_lines().map(
        lambda line: {name: value for name, value in line.items() if name[0].isupper()}
    )


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The trigger as GetEventTrigger shows it."""
    there = {name: value for name, value in copy.deepcopy(request).items() if name != "DomainName"}
    return there | {"CreatedAt": SHOWN_AT, "LastUpdatedAt": SHOWN_AT, "Tags": {"team": "a"}}


def update_of(request: dict[str, Any], line: int = 1, based_on: BasedOn | None = None) -> Update:
    return Update(id=str(line), line=line, target="main", request=request, based_on=based_on)
