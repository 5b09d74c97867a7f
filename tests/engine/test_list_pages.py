"""Lists are read to their last page, and each domain is listed once for all its triggers."""

from collections.abc import Callable

import pytest

from batcher.engine.list_pages import (
    ITEMS_AT_MOST,
    PAGES_AT_MOST,
    LastUpdatedTimes,
    list_pages,
)
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.operations import LIST_TRIGGERS
from batcher.records import Attempt
from batcher.task_groups import open_task_group
from batcher.testing import (
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    refused,
    update,
)
from tests.engine.settlers import make_retrying

DENIED = refused("AccessDeniedException", 403)


def listing(answer: Callable[[ScriptedCall], Attempt]) -> tuple[Retrying, ScriptedCaller]:
    caller = ScriptedCaller(answer, latency=1.0)
    return make_retrying(LIST_TRIGGERS, caller), caller


def page_of(call: ScriptedCall) -> Attempt:
    """Page 1, 2 or 3 of a list of three, with one trigger each, changed at that second."""
    number = int(call.members.get("NextToken", "1"))
    item = {"EventTriggerName": f"t{number}", "LastUpdatedAt": float(number)}
    following = {"NextToken": str(number + 1)} if number < 3 else {}
    return Attempt(reached="answered", seconds=1.0, answer={"Items": [item], **following})


def pages_of(answer: Callable[[ScriptedCall], Attempt]) -> tuple[list[str | None], ScriptedCaller]:
    retrying, caller = listing(answer)

    async def scenario() -> list[str | None]:
        found: list[str | None] = []
        async for state in list_pages(retrying, "list", {"DomainName": "acme", "MaxResults": 1}):
            assert state is not None
            found.append(state.last.code)
        return found

    return in_virtual_time(scenario()), caller


@pytest.mark.parametrize("period", [1, 2, 5])
def test_a_token_that_comes_again_ends_the_list_as_no_answer(period: int) -> None:
    def circling(call: ScriptedCall) -> Attempt:
        number = (int(call.members.get("NextToken", "0")) + 1) % period
        return Attempt(reached="answered", seconds=1.0, answer={"NextToken": str(number)})

    codes, caller = pages_of(circling)
    assert codes == [None] * period + ["UnreadableAnswer"]
    assert len(caller.calls) == period + 1


@pytest.mark.parametrize(
    ("items", "pages", "told"),
    [
        (0, PAGES_AT_MOST, "no answer to what was asked: the list has no end"),
        (1, PAGES_AT_MOST, "no answer to what was asked: the list has no end"),
        (ITEMS_AT_MOST // 4, 5, "no answer to what was asked: the list has more than 100,000"),
    ],
    ids=["nothing but tokens", "an entry a page", "many a page"],
)
def test_a_list_that_goes_on_and_on_with_new_tokens_ends_as_no_answer(
    items: int, pages: int, told: str
) -> None:
    item = {"EventTriggerName": "t", "LastUpdatedAt": 1.0}

    def endless(call: ScriptedCall) -> Attempt:
        token = "x" * 1000 + str(int(call.members.get("NextToken", "0").lstrip("x")) + 1)
        answer = {"Items": [item] * items, "NextToken": token}
        return Attempt(reached="answered", seconds=1.0, answer=answer)

    retrying, caller = listing(endless)

    async def scenario() -> RetryState | None:
        return [state async for state in list_pages(retrying, "list", {})][-1]

    last = in_virtual_time(scenario())
    assert last is not None
    assert last.error is not None
    assert last.error.code == "UnreadableAnswer"
    assert last.error.message.startswith(told)
    assert len(caller.calls) == pages


def test_each_page_is_asked_for_with_the_token_of_the_one_before() -> None:
    codes, caller = pages_of(page_of)
    assert codes == [None] * 3
    first = {"DomainName": "acme", "MaxResults": 1}
    asked = [first, first | {"NextToken": "2"}, first | {"NextToken": "3"}]
    assert [call.members for call in caller.calls] == asked


def test_an_error_is_the_last_page() -> None:
    codes, caller = pages_of(lambda call: DENIED if "NextToken" in call.members else page_of(call))
    assert codes == [None, "AccessDeniedException"]
    assert len(caller.calls) == 2


def test_draining_is_the_last_page() -> None:
    retrying, caller = listing(page_of)

    async def scenario() -> list[bool]:
        found = []
        async for state in list_pages(retrying, "list", {}):
            found.append(state is not None)
            retrying.pacer.drain()
        return found

    assert in_virtual_time(scenario()) == [True, False]
    assert len(caller.calls) == 1


@pytest.mark.parametrize(
    ("answer", "times", "pages"),
    [
        (page_of, {"t1": 1.0, "t2": 2.0, "t3": 3.0, "t4": None}, 3),
        (lambda call: DENIED, dict.fromkeys(["t1", "t2", "t3", "t4"]), 1),
    ],
    ids=["listed", "denied"],
)
def test_a_domain_is_listed_once_for_all_who_ask_and_who_may_not_list_does_without(
    answer: Callable[[ScriptedCall], Attempt], times: dict[str, float | None], pages: int
) -> None:
    retrying, caller = listing(answer)
    last_updated = LastUpdatedTimes(retrying, 100)
    found: dict[str, float | None] = {}

    async def ask(number: int) -> None:
        found[f"t{number}"] = await last_updated.last_updated(update(number))

    async def scenario() -> None:
        async with open_task_group() as tasks:
            for number in range(1, 5):
                tasks.start_soon(ask, number)
        await ask(4)

    in_virtual_time(scenario())
    assert found == times
    assert len(caller.calls) == pages
