"""What each trigger was before its update: kept once, read from both ends."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from batcher.compact import HashBalance, line_number
from batcher.errors import JournalError
from batcher.storage.before_images import (
    BeforeImages,
    ImageInFlight,
    read_images,
    read_images_backwards,
    unsettled_images,
)
from batcher.storage.journal import Journal
from batcher.storage.journal_reader import JournalReader
from batcher.testing import update

IMAGE = {"DomainName": "acme", "EventTriggerName": "cart", "Description": "old"}


async def _written(path: Path, *names: str) -> None:
    async with Journal[dict[str, Any]](path) as journal:
        for name in names:
            await journal.append({"id": name, "target": "default", **IMAGE})


async def test_an_image_is_an_update_that_puts_back_what_was(tmp_path: Path) -> None:
    path = tmp_path / "before.jsonl"
    async with Journal[dict[str, Any]](path) as journal:
        store = BeforeImages(journal, kept={"2": ImageInFlight("d", dict(IMAGE), {"Tags": {}})})
        await store.keep(update(1), {**IMAGE, "lost": {"Tags": {"a": "b"}}})
        assert (store.kept(update(1)), store.kept(update(2))) == (False, True)
        assert (store.lost(update(1)), store.lost(update(2))) == (None, {"Tags": {}})
        assert (store.before(update(1)), store.before(update(2))) == (None, IMAGE)
        assert store.take_digest("2") == "d"
    (((number, image, members),),) = read_images_backwards(JournalReader(path))
    assert (number, image.id) == (1, "1")
    assert members == {"id": "1", "target": "default", **IMAGE}


async def test_images_are_read_from_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "before.jsonl"
    await _written(path, "a", "b", "c")
    assert [image.id for image in read_images(JournalReader(path))] == ["a", "b", "c"]
    (backwards,) = read_images_backwards(JournalReader(path))
    assert [(number, image.id) for number, image, _ in backwards] == [(3, "c"), (2, "b"), (1, "a")]


@pytest.mark.parametrize("at_once", [1, 100])
async def test_an_image_without_a_result_was_in_flight(tmp_path: Path, at_once: int) -> None:
    """Of "b" there are two images, and "d" has a result that says nothing of its image."""
    path, balance, with_result = tmp_path / "before.jsonl", HashBalance(), {*"abcd"}
    await _written(path, *"abcbdef")
    async with Journal[dict[str, Any]](path, JournalReader(path).tip()) as journal:
        await journal.append({"id": "e", **IMAGE, "lost": {"Tags": {"a": "b"}}})
    balance.take_all("abc")
    asked = list[str]()

    def without_result(ids: Sequence[str]) -> set[str]:
        asked.extend(ids)
        return {*ids} - with_result

    found = [*unsettled_images(JournalReader(path), balance, without_result, at_once)]
    assert [(number, name) for number, name, _ in found] == [(6, "e"), (7, "f"), (8, "e")]
    assert [image.lost for _, _, image in found] == [None, None, {"Tags": {"a": "b"}}]
    assert found[2][2].members == {"id": "e", **IMAGE}
    assert len(set(asked)) < 6, "of most it is known that they have a result"


async def test_where_all_images_have_results_no_update_is_looked_for(tmp_path: Path) -> None:
    path, balance = tmp_path / "before.jsonl", HashBalance()
    await _written(path, "a", "b")
    balance.take_all(["b", "a"])
    assert not [*unsettled_images(JournalReader(path), balance, lambda ids: pytest.fail(str(ids)))]


@pytest.mark.parametrize(
    ("name", "line"),
    [("7", 7), ("0", 0), ("007", None), ("", None), ("-1", None), ("1.0", None), ("9" * 20, None)],
)
def test_a_default_id_is_the_number_of_its_line(name: str, line: int | None) -> None:
    assert line_number(name) == line


async def test_a_damaged_image_is_an_error_that_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "before.jsonl"
    await _written(path, "a")
    with path.open("ab") as file:
        file.write(b'{"id": "b"}\n')
    with pytest.raises(JournalError, match="line 2"):
        list(read_images(JournalReader(path)))
