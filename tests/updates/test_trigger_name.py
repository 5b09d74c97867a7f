"""What a trigger is called in messages."""

from batcher.updates.trigger_name import trigger_name


def test_a_trigger_is_named_with_its_target_where_there_are_several() -> None:
    assert trigger_name("acme", "cart-1") == "acme/cart-1"
    assert trigger_name("acme", "cart-1", "prod-eu") == "acme/cart-1 (target prod-eu)"
