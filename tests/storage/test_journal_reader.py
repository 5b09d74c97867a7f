"""A journal is read with nothing taken on trust: whatever was done to it is found and named."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import DamageError
from batcher.storage.hash_chain import EMPTY, ChainTip, Head
from batcher.storage.journal import Journal
from batcher.storage.journal_reader import LINE_AT_MOST, JournalReader, decode_line

Edit = Callable[[bytes], bytes]


def record(number: int) -> dict[str, Any]:
    return {"id": str(number), "text": "x" * number}


def sealed(tip: ChainTip, *numbers: int) -> bytes:
    """Lines as a journal writes them."""
    lines = b"".join(tip.seal(msgspec.json.encode(record(number))) for number in numbers)
    tip.extend(lines)
    return lines


@pytest.fixture
def journal(tmp_path: Path) -> tuple[Path, Head]:
    """Five lines, of which run.json knows of three."""
    path, tip = tmp_path / "results.jsonl", ChainTip()
    known = sealed(tip, 1, 2, 3)
    head = tip.head()
    path.write_bytes(known + sealed(tip, 4, 5))
    return path, head


def read(path: Path, head: Head | None) -> list[str]:
    found = JournalReader(path, head).records(msgspec.json.Decoder(dict), "a record")
    return [each["id"] for _, each in found]


@given(st.lists(st.integers(0, 9000), max_size=60), st.data())
def test_lines_are_the_same_from_the_end_and_wherever_they_are_looked_up(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "results.jsonl"
    path.write_bytes(sealed(ChainTip(), *lengths))
    forwards = [line for _, line in JournalReader(path).lines()]
    reader = JournalReader(path)
    backwards = [
        (first + at, line)
        for first, lines in reader.chunks_backwards()
        for at, line in reversed([*enumerate(lines)])
    ]
    assert backwards == [*enumerate(forwards, 1)][::-1]
    wanted = sorted(data.draw(st.sets(st.integers(1, max(1, len(forwards))))) if forwards else ())
    assert [*reader.lines_at(wanted)] == [forwards[number - 1] for number in wanted]


@pytest.mark.parametrize("torn", [b"", b'{"id":"6"', b"\0" * 5000])
def test_what_is_whole_is_read_beyond_its_head_and_but_for_a_torn_line(
    journal: tuple[Path, Head], torn: bytes
) -> None:
    path, head = journal
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    for known in (head, EMPTY, None):
        assert read(path, known) == ["1", "2", "3", "4", "5"]
        tip = JournalReader(path, known).tip()
        assert (tip.lines, tip.size) == (5, len(whole))
    reader = JournalReader(path, head)
    assert [(first, len(lines)) for first, lines in reader.chunks_backwards()] == [(1, 5)]
    assert [lines for _, lines in reader.chunks_backwards()] == [whole.splitlines()]
    assert [reader.line(number) for number in (2, 5)] == [whole.splitlines()[at] for at in (1, 4)]


def swapped(content: bytes, one: int, other: int) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def without(content: bytes, *gone: int) -> bytes:
    lines = content.splitlines(keepends=True)
    return b"".join(line for at, line in enumerate(lines) if at not in gone)


def unchained(content: bytes, at: int) -> bytes:
    lines = content.splitlines(keepends=True)
    lines[at] = lines[at].partition(b',"chain"')[0] + b"}\n"
    return b"".join(lines)


EDITS: dict[str, tuple[Edit, str]] = {
    "a value": (lambda c: c.replace(b'"2"', b'"7"', 1), "line 2 is not as it was written"),
    "a value beyond the head": (lambda c: c.replace(b'"5"', b'"6"', 1), "line 5 is not as it was"),
    "a chain": (lambda c: c[:-5] + (b"0" if c[-5:-4] != b"0" else b"1") + c[-4:], "line 5 is not"),
    "a line lost": (lambda c: without(c, 1), "line 2 is not as it was written"),
    "the first lost": (lambda c: without(c, 0), "line 1 is not as it was written"),
    "one beyond the head lost": (lambda c: without(c, 3), "line 4 is not as it was written"),
    "the tail lost": (
        lambda c: without(c, 2, 3, 4),
        "ends after line 2, where run.json knows of 3",
    ),
    "all lost": (lambda c: b"", "ends after line 0, where run.json knows of 3"),
    "cut in a line": (lambda c: c[:100], "ends after line 1, where run.json knows of 3"),
    "two swapped": (lambda c: swapped(c, 0, 3), "line 1 is not as it was written"),
    "one twice": (lambda c: c + c.splitlines(keepends=True)[0], "line 6 is not as it was written"),
    "a blank line": (lambda c: c.replace(b"\n", b"\n\n", 1), "line 2 has no chain"),
    "other line ends": (lambda c: c.replace(b"\n", b"\r\n"), "line 1 has no chain|known|line 3 is"),
    "no chain": (lambda c: unchained(c, 1), "line 2 has no chain"),
    "no chain beyond the head": (lambda c: unchained(c, 4), "line 5 has no chain"),
    "spaces": (lambda c: c.replace(b'":"', b'": "', 1), "line 1 is not as it was|line 1 has no"),
    "UTF-16": (lambda c: c.decode().encode("utf-16"), "has no chain|is not as it was|knows"),
    "a mark": (lambda c: b"\xef\xbb\xbf" + c, "line 1 is not as it was written"),
    "garbage": (lambda c: b"\x93\x00\xff\n" * 9, "line 3 is not the one that run.json knows|chain"),
    "an old file": (lambda c: b"".join(unchained(c, 0).splitlines(keepends=True)[:2]), "line|ends"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_is_found_before_anything_is_handed_on(
    journal: tuple[Path, Head], what: str
) -> None:
    path, head = journal
    edit, said = EDITS[what]
    path.write_bytes(edit(path.read_bytes()))
    reader = JournalReader(path, head)
    with pytest.raises(DamageError, match=said) as found:
        list(reader.lines())
    assert str(found.value).startswith(f"{path}: ")
    assert "--repair" in str(found.value)
    for look in (reader.tip, lambda: list(reader.chunks_backwards())):
        with pytest.raises(DamageError, match=said):
            look()


@given(st.data())
def test_a_single_changed_byte_is_always_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path, tip = tmp_path_factory.mktemp("j") / "results.jsonl", ChainTip()
    content = bytearray(sealed(tip, 1, 2, 3))
    head = data.draw(st.sampled_from([tip.head(), EMPTY]))
    last = len(content) - 1  # without its newline the last line would be torn, and may be
    at = data.draw(st.integers(0, last if head is not EMPTY else last - 1))
    content[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    path.write_bytes(content)
    with pytest.raises(DamageError):
        list(JournalReader(path, head).lines())


def test_an_old_journal_is_read_and_may_go_on_with_chained_lines(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    old = b"".join(msgspec.json.encode(record(number)) + b"\n" for number in (1, 2))
    path.write_bytes(old)
    tip = JournalReader(path).tip()
    head = tip.head()
    path.write_bytes(old + sealed(tip, 3))
    for known in (None, head, tip.head()):
        assert read(path, known) == ["1", "2", "3"]
    path.write_bytes(path.read_bytes().replace(b'"2"', b'"9"'))
    for known, said in ((None, "line 3 is not as"), (head, "line 2 is not the one that run.json")):
        with pytest.raises(DamageError, match=said):
            read(path, known)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"sha256": "0" * 64}, "is not as run.json knows it"),
        ({"size": 7}, "is not as run.json knows it"),
        ({"lines": 2}, "line 2 is not the one that run.json knows"),
        ({"lines": 4}, "line 4 is not the one that run.json knows"),
        ({"lines": 9}, "is not as run.json knows it"),
        ({"chain": "0" * 32}, "line 3 is not the one that run.json knows"),
        ({"chain": "0" * 32, "sha256": "0" * 64}, "line 3 is not the one that run.json knows"),
    ],
)
def test_a_head_that_does_not_fit_is_damage(
    journal: tuple[Path, Head], other: dict[str, Any], said: str
) -> None:
    path, head = journal
    with pytest.raises(DamageError, match=said):
        read(path, msgspec.structs.replace(head, **other))


def test_a_journal_that_is_gone_is_damage_only_where_it_had_lines(
    journal: tuple[Path, Head],
) -> None:
    path, head = journal
    path.unlink()
    assert [read(path, known) for known in (None, EMPTY)] == [[], []]
    assert JournalReader(path, EMPTY).tip().lines == 0
    with pytest.raises(DamageError, match=r"results.jsonl: is gone"):
        read(path, head)


@pytest.mark.parametrize("known", [True, False])
def test_a_huge_file_costs_neither_memory_nor_time(journal: tuple[Path, Head], known: bool) -> None:
    path, head = journal
    size = path.stat().st_size
    os.truncate(path, 50 << 30)  # sparse
    tracemalloc.start()
    try:
        with pytest.raises(DamageError, match="line 6 is longer than"):
            JournalReader(path, head if known else None).tip()
        os.truncate(path, 0)
        os.truncate(path, 50 << 30)
        with pytest.raises(DamageError, match="line 1 is longer than"):
            JournalReader(path, msgspec.structs.replace(head, size=40 << 30)).tip()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * LINE_AT_MOST
    assert size < LINE_AT_MOST


async def test_what_the_process_itself_adds_is_read_and_what_others_change_is_found(
    journal: tuple[Path, Head],
) -> None:
    path, head = journal
    reader = JournalReader(path, head)
    async with Journal[dict[str, Any]](path, reader.tip()) as writer:
        await writer.append(record(6))
        assert [number for number, _ in reader.lines()] == [1, 2, 3, 4, 5, 6]
        assert writer.head == reader.tip().head()
    path.write_bytes(path.read_bytes().replace(b'"2"', b'"9"'))
    with pytest.raises(DamageError, match="line 2"):
        reader.line(1)


@pytest.mark.parametrize("line", [b"{", b"\xff", b"[" * 100_000, b'{"id":' + b"9" * 9000 + b"}"])
def test_a_line_that_is_no_record_is_named(line: bytes) -> None:
    decode = msgspec.json.Decoder(Head).decode
    with pytest.raises(DamageError, match=r"x.jsonl: line 3 is not a head \("):
        decode_line(line, decode, Path("x.jsonl"), 3, "a head")
