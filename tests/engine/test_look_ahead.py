"""Places for looks: at most so many, the most urgent first, none lost by who is cancelled."""

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.engine.look_ahead import LookAhead
from batcher.task_groups import open_task_group
from batcher.testing import in_virtual_time

VISITS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(1, 9), st.none() | st.just(2)),
    max_size=25,
)  # urgency, second of coming, seconds inside, seconds of patience


@settings(max_examples=40)
@given(visits=VISITS, limit=st.integers(1, 4))
def test_no_more_are_inside_than_their_urgency_allows_and_all_who_stay_get_in(
    visits: list[tuple[int, int, int, int | None]], limit: int
) -> None:
    places, inside, entered, gave_up = LookAhead(limit), list[int](), list[int](), list[int]()

    async def visit(
        number: int, urgency: int, comes: int, stays: int, patience: int | None
    ) -> None:
        await anyio.sleep(comes)
        with anyio.move_on_after(patience or 1000) as waiting:
            await places.enter(urgency)
        if waiting.cancelled_caught:
            gave_up.append(number)
            return
        entered.append(number)
        inside.append(urgency)
        await anyio.sleep(stays)
        inside.remove(urgency)
        places.leave(urgency)

    async def watch() -> None:
        while len(entered) + len(gave_up) < len(visits):
            await anyio.sleep(0.5)
            # whoever is inside came in when those as urgent, and more, left room for it
            lowest = min(inside, default=0)
            assert sum(each == lowest for each in inside) <= limit

    async def scenario() -> None:
        async with open_task_group() as tasks:
            for number, each in enumerate(visits):
                tasks.start_soon(visit, number, *each)
            tasks.start_soon(watch)

    in_virtual_time(scenario())
    assert sorted(entered + gave_up) == list(range(len(visits)))
    assert repr(places) == f"<LookAhead 0/{limit}, 0 waiting>"


def test_who_is_more_urgent_waits_for_no_place_and_a_higher_limit_lets_in_at_once() -> None:
    async def scenario() -> list[str]:
        places, entered = LookAhead(1), list[str]()

        async def enter(name: str, urgency: int) -> None:
            await places.enter(urgency)
            entered.append(name)

        async with open_task_group() as tasks:
            for name, urgency in (("a", 0), ("b", 0), ("c", 0), ("urgent", 5), ("late", 5)):
                tasks.start_soon(enter, name, urgency)
                await anyio.sleep(1)
            assert entered == ["a", "urgent"]
            places.leave(0)
            places.leave(5)
            await anyio.sleep(1)
            assert entered == ["a", "urgent", "late"]
            places.resize(3)
        return entered

    assert in_virtual_time(scenario()) == ["a", "urgent", "late", "b", "c"]


def test_it_tells_whether_places_are_used_all_taken_or_waited_for() -> None:
    async def scenario() -> None:
        places = LookAhead(2)

        def told() -> tuple[bool, bool, bool]:
            return places.is_used, places.is_full, places.is_waited_for

        assert told() == (False, False, False)
        await places.enter(0)
        assert told() == (True, False, False)
        await places.enter(0)
        assert told() == (True, True, False)
        async with open_task_group() as tasks:
            tasks.start_soon(places.enter, 0)
            await anyio.wait_all_tasks_blocked()
            assert told() == (True, True, True)
            places.leave(0)
            assert told() == (True, True, False)

    in_virtual_time(scenario())
