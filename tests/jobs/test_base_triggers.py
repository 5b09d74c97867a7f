"""Very many triggers of before are known by their keys, in few bytes each."""

import tracemalloc

from batcher.jobs.base_triggers import BaseTriggers
from batcher.jobs.trigger_keys import TriggerKey
from batcher.triggers.drift import BaseTrigger
from tests.conftest import trigger


def key(name: str, target: str = "eu") -> TriggerKey:
    return TriggerKey(target, "acme", name)


def base(text: str, at: float | None = None) -> BaseTrigger:
    return BaseTrigger(members={"Description": text}, complete=True, last_updated_at=at)


def test_what_was_known_last_of_each_trigger_is_what_is_known() -> None:
    found = BaseTriggers([(key("a"), base("1", 7.5)), (key("b"), base("2"))])
    found.put(key("a"), base("3"))
    found.put(key("a", "us"), base("4"))
    assert dict(found) == {key("a"): base("3"), key("b"): base("2"), key("a", "us"): base("4")}
    assert (key("b") in found, key("c") in found, found.get(key("c"))) == (True, False, None)
    assert found.timed == {("eu", "acme")}
    assert repr(found) == "<BaseTriggers: 3>"


def test_they_are_told_by_target_and_domain() -> None:
    found = BaseTriggers([(key(name), base(name)) for name in "ba"])
    found.put(key("a", "us"), base("c"))
    by_domain = {of: [*found.in_order(places)] for of, places in found.by_domain().items()}
    assert by_domain == {("eu", "acme"): ["a", "b"], ("us", "acme"): ["a"]}


def test_a_trigger_takes_few_bytes() -> None:
    known = BaseTrigger(members=trigger(1) | {"Description": "x" * 900}, complete=True)
    tracemalloc.start()
    try:
        found = BaseTriggers((key(f"cart-{number}"), known) for number in range(10_000))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found[key("cart-1")] == found[key("cart-9999")] == known
    assert taken < 5_000_000 + 80 * len(found), "what they were is not held, but for 4 MB"
