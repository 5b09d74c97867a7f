"""What a trigger is called in messages."""

from batcher.jobs.trigger_keys import TriggerKey
from batcher.updates.trigger_name import name_of, trigger_name


def test_a_trigger_is_named_with_its_target_where_there_are_several() -> None:
    assert trigger_name("acme", "cart-1") == "acme/cart-1"
    assert trigger_name("acme", "cart-1", "prod-eu") == "acme/cart-1 (target prod-eu)"
    key = TriggerKey("prod-eu", "acme", "cart-1")
    assert name_of(key, names_targets=False) == "acme/cart-1"
    assert name_of(key, names_targets=True) == "acme/cart-1 (target prod-eu)"
