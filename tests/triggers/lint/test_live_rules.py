from batcher.triggers.lint.live_rules import unattached


def test_a_trigger_that_no_integration_names_never_fires() -> None:
    assert not list(unattached("a", {"a", "b"}))
    assert [each.code.code for each in unattached("c", {"a", "b"})] == ["BT150"]
