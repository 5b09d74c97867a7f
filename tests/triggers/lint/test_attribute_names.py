import pytest

from batcher.triggers.lint.attribute_names import attribute_name_findings, attributes_of
from batcher.triggers.lint.sample_conditions import attribute, condition, trigger


@pytest.mark.parametrize(
    ("source", "odd"),
    [
        ("total", False),
        ("_source.items[0].unit-price", False),
        ("Größe.x:y@z", False),
        ("$.total", True),
        ("/order/total", True),
        ("order..total", True),
        (".total", True),
        ("total.", True),
        ("order total", True),
        ("total\n", True),
        ("items[].price", True),
        ("items['price']", True),
    ],
)
def test_a_source_is_names_with_dots_between(source, odd) -> None:
    (definition,) = trigger(condition("ALL", [attribute(source, "EQUAL", "1")]))
    said = {each.code.name for each in attribute_name_findings(definition, None)}
    assert said == ({"odd-source"} if odd else set())


def test_the_odd_one_out_is_told_and_each_attribute_has_its_path() -> None:
    sources = ("a", "_source.b", "_source.c")
    (definition,) = trigger(
        *(condition("ANY", [attribute(each, "EQUAL", "1")]) for each in sources)
    )
    (finding,) = attribute_name_findings(definition, None)
    assert finding.where.startswith("EventTriggerConditions[0].")
    assert [each["Source"] for _, each in attributes_of(definition)] == list(sources)
