"""What ``run.json`` says is taken whole or not at all, whatever is in it."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import BatcherError, DamageError, RunDirectoryError
from batcher.storage.run_journals import NO_LINES
from batcher.storage.run_manifest import (
    InputFingerprint,
    RunManifest,
    differences,
    input_difference,
    load_manifest,
    meaning_differences,
    missing_tables,
)
from batcher.target_identity import TargetIdentity

PLACE = TargetIdentity(region="eu-west-1", account="111111111111", endpoint="https://profile")
MANIFEST = RunManifest(
    run="r1",
    input=InputFingerprint(path="/data/u.jsonl", size=10, sha256="a" * 64, updates=1),
    settings={"target": "default"},
    targets={"default": PLACE},
    versions={},
    started_at="2026-01-01T00:00:00.000Z",
    heads=msgspec.structs.replace(NO_LINES, next=NO_LINES),
)
GOOD: dict[str, Any] = msgspec.to_builtins(MANIFEST)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(msgspec.json.encode(MANIFEST))
    assert load_manifest(path) == MANIFEST
    old = {name: value for name, value in GOOD.items() if name != "heads"}
    path.write_text(json.dumps(old | {"of a later version": {"kept": 1}}))
    assert load_manifest(path).heads is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe{\0}\0",
        b"null",
        b"[]",
        b"{}",
        b"[" * 1_000_000,
        b'{"run":' * 1_000_000,
        b"NaN",
        b'"run.json"',
        b"1" * 100_000,
        json.dumps(GOOD).replace('"run": "r1"', '"run": "r0", "run": "r1"').encode(),
        json.dumps(GOOD).replace('"size": 10', '"size": 10, "size": 10').encode(),
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD).encode()[:-9],
        json.dumps(GOOD | {"input": GOOD["input"] | {"path": "a\0b"}}).encode(),
        json.dumps(GOOD | {"input": GOOD["input"] | {"path": ""}}).encode(),
        json.dumps(GOOD | {"input": GOOD["input"] | {"updates": 10**30}}).encode(),
        json.dumps(GOOD | {"input": GOOD["input"] | {"size": -1}}).encode(),
        json.dumps(GOOD | {"input": GOOD["input"] | {"sha256": "A" * 64}}).encode(),
        json.dumps(GOOD | {"heads": {"results": {"lines": 1}}}).encode(),
    ],
    ids=lambda content: repr(content[:30]),
)
def test_what_is_no_manifest_is_refused_with_its_name_and_what_to_do(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=r"run\.json: can't be read .* Restore it, or"):
        load_manifest(path)


@given(st.sampled_from(sorted(GOOD)), anything)
def test_a_member_of_whatever_shape_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Any
) -> None:
    path = tmp_path_factory.mktemp("run") / "run.json"
    path.write_text(json.dumps(GOOD | {name: value}))
    try:
        read = load_manifest(path)
    except BatcherError:
        return
    assert msgspec.to_builtins(read).get(name, value) == value


@pytest.mark.parametrize(
    "put", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")], ids=["F", "D", "L"]
)
def test_what_is_no_regular_file_is_refused_at_once(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    put(tmp_path / "run.json")
    with pytest.raises(DamageError, match=r"run\.json: a .*, not a regular file"):
        load_manifest(tmp_path / "run.json")


def test_without_one_there_is_no_run_directory(tmp_path: Path) -> None:
    for place in (tmp_path / "run.json", tmp_path / "none" / "run.json"):
        with pytest.raises(RunDirectoryError, match="no run directory"):
            load_manifest(place)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, []),
        ({"run": "r2", "heads": None}, []),
        ({"settings": {"target": "b"}}, ["target was 'default', now 'b'"]),
        ({"settings": {"target": "default", "rate": 5}}, []),
    ],
)
def test_what_makes_it_another_run_is_told(change: dict[str, Any], said: list[str]) -> None:
    assert differences(MANIFEST, msgspec.structs.replace(MANIFEST, **change)) == said


def test_how_an_input_differs_is_said_with_sizes_and_hashes() -> None:
    said = input_difference(MANIFEST.input, 11, "b" * 64)
    assert said == f"the input was 10 bytes with SHA-256 {'a' * 12}…, now 11 bytes with {'b' * 12}…"


def test_tables_of_targets_that_are_gone_are_named() -> None:
    before = {"targets": {"prod": {}, "eu": {}}}
    assert missing_tables(before, before) == []
    assert missing_tables({}, before) == []
    assert missing_tables(before, {"targets": {"eu": {}, "us": {}}}) == [
        "it had [targets.prod], and it is missing now (give its --config)"
    ]
    (both,) = missing_tables(before, {})
    assert both.startswith("it had [targets.eu], [targets.prod], and they are missing now")


def test_settings_that_mean_something_else_are_told_with_both_values() -> None:
    was = {"target": "prod", "create_missing": False, "rate": 1}
    assert meaning_differences(was, was | {"rate": 2}) == []
    assert meaning_differences(was, was | {"target": "production", "create_missing": True}) == [
        "target was 'prod', now 'production'",
        "create_missing was False, now True",
    ]
