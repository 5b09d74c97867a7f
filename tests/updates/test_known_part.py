"""The known part of a value, by shapes that are read once."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.known_part import known_part_of

SHAPES: dict[str, Any] = {
    "Tree": {
        "type": "structure",
        "members": {
            "name": {"shape": "Text"},
            "words": {"shape": "Words"},
            "leaves": {"shape": "Trees"},
            "tags": {"shape": "Map"},
        },
    },
    "Text": {"type": "string"},
    "Words": {"type": "list", "member": {"shape": "Text"}},
    "Trees": {"type": "list", "member": {"shape": "Tree"}},
    "Map": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
}
TAKE = known_part_of(SHAPES, "Tree")
PLAIN = {"name": st.text(), "words": st.lists(st.text()), "tags": st.just({"any": "name"})}


def test_names_that_the_shapes_lack_go_at_any_depth_also_of_a_shape_within_itself() -> None:
    leaf = {"name": "b", "new": 1, "leaves": [{"name": "c", "new": [2]}]}
    assert TAKE({"name": "a", "leaves": [leaf], "Tags": {}}) == {
        "name": "a",
        "leaves": [{"name": "b", "leaves": [{"name": "c"}]}],
    }


def test_a_value_of_another_kind_than_its_shape_stays_as_it_is() -> None:
    odd = {"name": {"new": 1}, "words": "text", "leaves": {"new": 1}, "tags": {"new": 1}}
    assert TAKE(odd) == odd
    assert TAKE("text") == "text"
    assert known_part_of(SHAPES, "Text")({"new": 1}) == {"new": 1}


@given(
    st.recursive(
        st.fixed_dictionaries({}, optional=PLAIN),
        lambda below: st.fixed_dictionaries({"leaves": st.lists(below)}, optional=PLAIN),
    )
)
def test_of_a_value_whose_names_are_all_known_nothing_goes(tree: dict[str, Any]) -> None:
    assert TAKE(tree) == tree
    assert TAKE({**tree, "new": tree}) == tree
