"""Where fields are in an object, read from a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.field_mapping import read_mapping


def _read(tmp_path: Path, value: Any) -> dict[str, str]:
    path = tmp_path / "mapping.json"
    path.write_text("" if value is None else json.dumps(value, indent=1))
    return read_mapping(str(path), Settings())


def test_names_and_paths_or_an_object_type_as_aws_shows_it(tmp_path: Path) -> None:
    assert _read(tmp_path, {"total": "order.total"}) == {"total": "order.total"}
    shown = {
        "ObjectTypeName": "Orders",
        "Fields": {"total": {"Source": "_source.order.total", "ContentType": "NUMBER"}},
    }
    assert _read(tmp_path, shown) == {"total": "_source.order.total"}


@pytest.mark.parametrize(
    "value", [None, {"SECRET": 5}, {"SECRET": ""}, {"Fields": {"SECRET": {}}}, ["SECRET"]]
)
def test_a_field_without_a_path_is_refused_and_not_quoted(tmp_path: Path, value: Any) -> None:
    with pytest.raises(InputError) as error:
        _read(tmp_path, value)
    assert "SECRET" not in str(error.value)
