"""An example is copied, so it stays in one line."""

from batcher.cli.output.format import example


def test_an_example_is_not_wrapped() -> None:
    assert example("batcher schema") == "\b\nExample: batcher schema"
