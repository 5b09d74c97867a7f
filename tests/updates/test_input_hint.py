"""What an input is that is not one JSON object a line, and whether the command given mends it."""

import codecs
import csv
import gzip
import io
import json
from pathlib import Path

import pytest
import yaml

from batcher.updates.input_hint import hint_of, wrong_suffix
from tests.updates.mended_files import (
    LIMITS,
    MODEL,
    PLAIN,
    UPDATES,
    WITH_LIMITS,
    assert_mended,
    hint,
    lines,
)


def table(separator: str, *, mark: bool = False) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, [*UPDATES[0], "EventTriggerLimits"], delimiter=separator)
    writer.writeheader()
    for number, update in enumerate(UPDATES):
        limits = json.dumps(LIMITS["EventTriggerLimits"]) if number % 2 else ""
        writer.writerow(update | {"EventTriggerLimits": limits})
    return out.getvalue().encode("utf-8-sig" if mark else "utf-8")


@pytest.mark.parametrize(
    ("what", "content", "tool"),
    [
        ("JSON with comments", b"# of the CRM\n  // all of them\n" + PLAIN, "grep"),
        ("CSV", table(","), "batcher"),
        ("CSV", table(",", mark=True), "batcher"),
        ("CSV with another separator", table(";"), "batcher"),
        ("CSV with another separator", table("\t"), "batcher"),
        ("text in UTF-16", PLAIN.decode().encode("utf-16"), "iconv"),
        ("text in UTF-16", codecs.BOM_UTF16_BE + PLAIN.decode().encode("utf-16-be"), "iconv"),
        ("text in UTF-16LE", PLAIN.decode().encode("utf-16-le"), "iconv"),
        ("text in UTF-16BE", PLAIN.decode().encode("utf-16-be"), "iconv"),
        ("text in UTF-32", PLAIN.decode().encode("utf-32"), "iconv"),
        ("text in UTF-32LE", PLAIN.decode().encode("utf-32-le"), "iconv"),
        ("Windows-1252", PLAIN.decode().encode("cp1252"), "iconv"),
        ("Python's way", "".join(f"{update}\n" for update in UPDATES).encode(), "python3"),
        ("YAML", yaml.safe_dump(WITH_LIMITS, allow_unicode=True).encode(), "yaml"),
        (
            "YAML",
            yaml.safe_dump_all(UPDATES, allow_unicode=True, explicit_start=True).encode(),
            "yaml",
        ),
    ],
)
def test_what_it_is_is_told_and_the_command_mends_it(
    tmp_path: Path, what: str, content: bytes, tool: str
) -> None:
    assert_mended(tmp_path, what, content, tool)


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("an HTML page", b"<!DOCTYPE html>\n<html><title>502 Bad Gateway</title></html>\n"),
        ("an HTML page", b"\n  <HTML lang=en><body>x\n"),
        ("XML", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
        ("an Excel file", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0b\xeex[Content_Types].xml"),
        ("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)),
        ("a Parquet file", b"PAR1\x15\x04"),
        ("Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"),
        ("without any update", b"null\n"),
        ("without any update", b'""\n'),
        ("without any update", b"[]"),
        ("without any update", b"{ }\n"),
        ("without any update", b"17\n"),
        ("no text at all", bytes(range(256)) * 8),
        ("no text at all", PLAIN[:200] + bytes(4096)),
    ],
)
def test_where_no_command_mends_it_it_is_said_what_to_do(what: str, content: bytes) -> None:
    found = hint(content)
    said = found.text("updates.jsonl")
    assert (what in said, found.filter, bool(found.advice)) == (True, None, True)


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        codecs.BOM_UTF8 + PLAIN.replace(b"\n", b"\r\n"),
        PLAIN[:-40],
        b'{"DomainName":"acme"\n' + PLAIN,
        b'{"DomainName":"acme",}\n' + PLAIN,
        b"{}\n{}\n",
        b"x\n" * 9,
        b"hello, world\n",
        b"Hello there, this is a note.\nPlease do that, thanks.\n",
        codecs.BOM_UTF8 * 2 + PLAIN,
        PLAIN.replace(b'"acme"', b"NaN"),
        b"\n\n" + PLAIN + b"garbage\n",
        lines([UPDATES[0] | {"Description": "x" * 70000}]),
        lines([UPDATES[0] | {"Description": "\u00e9" * 40000}])[1:],
        b'{"a":' * 500,
        b"# c\n\n" * 10000,
        b"[" + b" \n" * 30000,
        b'{"a":"' + b"\\\\" * 30000,
        b"[" * 3000,
    ],
)
def test_lines_of_updates_with_faults_of_their_own_get_no_hint(content: bytes) -> None:
    assert hint_of(content[: 1 << 16], MODEL) is None


def test_what_is_not_packed_as_its_name_says_is_told_with_what_mends_that() -> None:
    plain = wrong_suffix("u.jsonl.gz", ".gz", PLAIN)
    assert plain == (
        "u.jsonl.gz: its name says gzip data, and it is not packed at all. This mends it:"
        " cat < u.jsonl.gz > u.mended.jsonl"
    )
    other = wrong_suffix("u.jsonl.zst", ".zst", gzip.compress(PLAIN))
    assert other is not None
    assert other.endswith("it is gzip data. This mends it: gunzip < u.jsonl.zst > u.mended.jsonl")
    noise = wrong_suffix("u.gz", ".gz", bytes(range(7, 256)))
    assert noise is not None
    assert noise.endswith("and it is neither that nor text. Look at how it was made.")
    wide = wrong_suffix("u.gz", ".gz", PLAIN.decode().encode("utf-16"))
    assert wide is not None
    assert "it is not packed at all" in wide
    assert wrong_suffix("u.gz", ".gz", b"") is None
    assert wrong_suffix("u.gz", ".gz", gzip.compress(PLAIN)) is None
