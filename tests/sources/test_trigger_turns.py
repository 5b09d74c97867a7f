"""Of each trigger of a place one target's updates at a time, in the order in which they came."""

from time import process_time
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from batcher.records import Update
from batcher.sources.trigger_turns import Place, TriggerTurns
from batcher.testing import update

HERE, THERE = ("111122223333", "eu-west-1"), ("111122223333", "us-east-1")
PLACES: dict[str, Place] = {
    "a": (*HERE, None),
    "b": (*HERE, None),
    "unpinned": (*HERE, None),
    "elsewhere": (*THERE, None),
    "local": (*HERE, "http://127.0.0.1"),
}
EXPECTED = {name: place[:2] for name, place in PLACES.items() if name != "unpinned"}
names, triggers = st.sampled_from(sorted(PLACES)), st.sampled_from("xy")
steps = st.one_of(
    st.tuples(st.just("arrive"), names, triggers),
    st.tuples(st.just("end"), st.integers(0, 40), st.none()),
    st.tuples(st.just("open"), names, st.none()),
    st.tuples(st.just("fail"), names, st.none()),
    st.tuples(st.just("drop"), names, st.none()),
)


class Checked:
    """Turns, and what they are to be, found out the slow way at each step."""

    def __init__(self) -> None:
        self.turns = TriggerTurns(self._take, EXPECTED.get)
        self.live: dict[int, Update] = {}
        self.out: set[int] = set()
        self.open: set[str] = set()
        self.failed: set[str] = set()
        self.lines = 0

    def do(self, what: str, which: Any, trigger: str | None) -> None:
        if what == "arrive":
            self.lines += 1
            each = update(self.lines, trigger, which)
            self.live[each.line] = each
            self.turns.arrive(each)
        elif what == "end" and which in self.live:
            self._end(self.live[which])
            self.turns.end(self.live.pop(which).target, which)
        elif what == "open":
            self.open.add(which)
            self.turns.open(which, PLACES[which])
        elif what == "fail":
            self.failed.add(which)
            self.turns.leave_out(which)
        elif what == "drop":
            for line in [line for line, each in self.live.items() if each.target == which]:
                self._end(self.live.pop(line))
            self.turns.drop(which)

    def _end(self, each: Update) -> None:
        self.out.discard(each.line)

    def _take(self, each: Update) -> None:
        self.out.add(each.line)
        assert each.target in self.open

    def in_the_way(self, each: Update) -> list[Update]:
        """What an update that is not out may wait for."""
        return [
            other
            for other in self.live.values()
            if (other.target, each.trigger) != (each.target, other.trigger)
            and other.trigger == each.trigger
            and (other.line < each.line or other.line in self.out)
            and self._could_meet(other.target, PLACES[each.target])
        ]

    def _could_meet(self, target: str, place: Place) -> bool:
        if target in self.open:
            return PLACES[target] == place
        if (expected := EXPECTED.get(target)) is not None:
            return expected == place[:2]
        return target not in self.failed

    def check(self) -> None:
        for each in self.live.values():
            assert self.turns.is_out(each) == (each.line in self.out)
            if each.line in self.out or each.target not in self.open:
                continue
            own = [
                other
                for other in self.live.values()
                if other.line not in self.out
                and (other.target, other.trigger) == (each.target, each.trigger)
            ]
            assert any(map(self.in_the_way, own[: own.index(each) + 1])), "nothing waits in vain"
        outs: dict[tuple[Place, str], set[str]] = {}
        for line in self.out:
            each = self.live[line]
            outs.setdefault((PLACES[each.target], each.trigger), set()).add(each.target)
        assert all(len(targets) == 1 for targets in outs.values())
        assert len(self.turns) == len(self.live) - len(self.out)


ONE_FAILS = [
    ("arrive", "unpinned", "x"),
    ("open", "b", None),
    ("arrive", "b", "x"),
    ("fail", "unpinned", None),
    ("open", "unpinned", None),
]


@given(st.lists(steps, max_size=60))
@example(ONE_FAILS)
def test_one_target_at_a_time_has_a_trigger_in_order_and_nobody_waits_in_vain(
    given_steps: list[Any],
) -> None:
    checked = Checked()
    for what, which, trigger in given_steps:
        before = set(checked.out)
        checked.do(what, which, trigger)
        for line in sorted(checked.out - before):
            each = checked.live[line]
            assert all(other.line > line for other in checked.in_the_way(each)), "in its turn"
        checked.check()
    for name in PLACES:
        checked.do("drop", name, None)
    assert repr(checked.turns) == "<TriggerTurns: 0 wait, 0 triggers>", "it takes no memory"


def test_behind_an_update_is_what_waits_for_it_under_other_names() -> None:
    out: list[int] = []
    turns = TriggerTurns(lambda each: out.append(each.line), EXPECTED.get)
    turns.open("b", PLACES["b"])
    first = update(1, "x", "a")
    for each in (first, update(2, "x", "b"), update(3, "y", "b"), update(4, "x", "elsewhere")):
        turns.arrive(each)
    assert out == [3], "a is pinned to the place of b, and may have the first"
    assert [each.line for each in turns.behind(first)] == [2]
    turns.open("a", PLACES["a"])
    assert out == [3, 1]
    assert [each.line for each in turns.behind(first)] == [2]
    assert turns.waiting("b") == 1
    turns.arrive(last := update(5, "x", "a"))
    assert turns.behind(last) == [], "what waits as well, and came before it, does not wait for it"
    turns.end("a", 1)
    assert out == [3, 1, 2]


def test_ten_thousand_updates_of_one_trigger_take_their_turns_in_a_moment() -> None:
    out: list[int] = []
    turns = TriggerTurns(lambda each: out.append(each.line), EXPECTED.get)
    for name in "ab":
        turns.open(name, PLACES[name])
    for line in range(10_000):
        turns.arrive(update(line, "x", "ab"[line % 2]))
    assert out == [0], "they are of one trigger"
    for line in range(10_000):
        turns.end("ab"[line % 2], line)
    assert out == list(range(10_000))


def test_of_thousands_that_wait_for_one_trigger_those_of_a_target_are_dropped_at_once() -> None:
    turns = TriggerTurns(lambda each: None, EXPECTED.get)
    for name in "ab":
        turns.open(name, PLACES[name])
    for line in range(30_000):
        turns.arrive(update(line, "x", "ab"[line % 2]))
    began = process_time()
    turns.drop("b")
    assert process_time() - began < 1.0, "of 30,000 it took 3 s where each looked at all"
    assert len(turns) == 0, "those of the other one are out"
