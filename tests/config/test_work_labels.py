"""Labels and reason, as they are given, and as the tags that STS takes."""

from typing import Any
from unicodedata import category

import pytest
from botocore.loaders import Loader
from hypothesis import given
from hypothesis import strategies as st

from batcher.config import resolve
from batcher.config.settings import Settings
from batcher.config.work_labels import MOST_TAGS, Labels, session_tags
from batcher.errors import SettingsError

SHAPES = Loader().load_service_model("sts", "service-2")["shapes"]
KEY, VALUE = SHAPES["tagKeyType"], SHAPES["tagValueType"]
ANY = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=300)


def is_tag(text: str, shape: dict[str, Any]) -> bool:
    """Whether the model of STS takes it; Python's patterns have no classes of Unicode."""
    assert shape["pattern"][:-1] == r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
    taken = all(category(each)[0] in "LZN" or each in "_.:/=+-@" for each in text)
    return taken and shape.get("min", 0) <= len(text) <= shape["max"]


@given(st.dictionaries(ANY, ANY, max_size=60), ANY)
def test_what_is_taken_can_be_tags_and_is_kept_as_it_was_given(
    pairs: dict[str, str], reason: str
) -> None:
    try:
        labels = Labels(pairs)
    except (SettingsError, ValueError):
        labels = None
    tags = session_tags(reason, labels)
    assert len(tags) <= SHAPES["tagListType"]["max"] == MOST_TAGS
    assert all(is_tag(key, KEY) and is_tag(value, VALUE) for key, value in tags.items())
    assert len({key.lower() for key in tags}) == len(tags)
    if labels is not None:
        assert Labels(str(labels)).pairs == labels.pairs
        assert {key: tags[key] for key in labels.pairs} == labels.pairs


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("team", "can't be 'team': Give K=V"),
        ("=crm", "can't be '=crm': Give K=V"),
        ("team=crm,", "can't be"),
        ("team=a;b", "can be no tag"),
        ("team=a=b", None),
        ("team=", None),
        ("team=Kündigung 4/2", None),
        ("te\u200bam=crm", "can be no tag"),
        ("aws:team=crm", "AWS's own"),
        ("AWS:x=crm", "AWS's own"),
        ("team=a,Team=b", "team and Team are one key"),
        ("team=a,team=b", "team and team are one key"),
        ("reason=x", "--reason gives"),
        ("Reason=x", "--reason gives"),
        (f"{'k' * 129}=v", "can be no tag"),
        (f"k={'v' * 257}", "can be no tag"),
        (f"k={'v' * 256}", None),
        (",".join(f"k{n}=v" for n in range(49)), None),
        (",".join(f"k{n}=v" for n in range(50)), "50 are more than 49"),
    ],
)
def test_a_label_that_can_be_no_tag_is_refused(given: str, said: str | None) -> None:
    if said is None:
        assert Settings.from_json(resolve({"label": given}).as_json()).label == Labels(given)
        return
    with pytest.raises(SettingsError, match=said):
        resolve({"label": given})


def test_labels_of_a_file_or_a_program_may_be_a_table() -> None:
    settings = resolve({"label": {"team": "crm", "ticket": "OPS-12"}, "reason": "a b's (c)"})
    assert str(settings.label) == "team=crm,ticket=OPS-12"
    assert settings.said == {
        "reason": "a b's (c)",
        "labels": {"team": "crm", "ticket": "OPS-12"},
    }
    assert settings.session_tags == {"team": "crm", "ticket": "OPS-12", "reason": "a b_s _c_"}
    assert resolve({}).said == resolve({}).session_tags == {}


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 1001])
def test_a_reason_is_one_line_that_says_something(reason: str) -> None:
    with pytest.raises(SettingsError, match="--reason"):
        resolve({"reason": reason})
