"""``batcher compose`` as its users meet it: a file of updates, all of it or none."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from batcher.cli.commands.compose import compose
from batcher.emulator import Emulator
from tests.conftest import Command, records, trigger
from tests.updates.samples import SECRET

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def in_a_folder(batcher: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the fixture before takes the folder that the tests began in


def composed(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(compose, arguments, input=given)


def lines(ended: Result) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in ended.stdout.splitlines()]


async def test_what_is_composed_brings_about_exactly_what_is_wanted(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    periods = {"Periods": [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}]}
    live = {
        n: trigger(n)
        | {"EventTriggerLimits": {"EventExpiration": 300_000 * n, **periods}}
        | {"ObjectTypeName": "Orders" if n % 2 else "Carts"}
        for n in range(1, 7)
    }
    emulator.seed(list(live.values()))
    write_lines(list(live.values()), "export.jsonl")
    async with emulator as url:
        ended = await batcher(
            *("compose", "export.jsonl", "--out", "updates.jsonl"),
            *("--set", "SegmentFilter=vip", "--set", "EventTriggerLimits.Periods[].Value=7"),
            "--where",
            "ObjectTypeName == 'Orders' && EventTriggerLimits.EventExpiration > `600000`",
        )
        assert ended.code == 0, ended.err
        run = await batcher(
            *("run", "updates.jsonl", "--rate", "500", "--yes", "--json"), "--endpoint-url", url
        )
    assert msgspec.json.decode(run.out)["succeeded"] == 2, run.err
    entry = periods["Periods"][0] | {"Value": 7}
    for n, before in live.items():
        limits = {"EventExpiration": 300_000 * n, "Periods": [entry]}
        changed = {"SegmentFilter": "vip", "EventTriggerLimits": limits} if n in (3, 5) else {}
        after = emulator.trigger("acme", f"t{n}") or {}
        times = {"CreatedAt", "LastUpdatedAt"}
        shown = {name: value for name, value in after.items() if name not in times}
        assert {"DomainName": "acme"} | shown == before | changed
    written = records(tmp_path / "updates.jsonl")
    names = {"DomainName", "EventTriggerName"}
    assert all(set(line) == names | {"SegmentFilter", "EventTriggerLimits"} for line in written)
    assert "6 triggers: 2 matched, 2 changed; left alone: 4 not matched by --where." in ended.err


def test_inputs_of_all_kinds_are_taken_and_the_order_of_flags_counts(write_lines: Write) -> None:
    path = write_lines([trigger(1) | {"id": "r", "target": "eu"}, trigger(2)], "x.jsonl")
    flags = ("--set", "SegmentFilter=a", "--replace", "SegmentFilter", "a", "b")
    plain = composed("x.jsonl", *flags)
    assert lines(plain)[0] == {
        "id": "r",
        "target": "eu",
        "DomainName": "acme",
        "EventTriggerName": "t1",
        "SegmentFilter": "b",
    }
    Path("x.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
    piped = composed("-", *flags, given=path.read_text())
    assert plain.stdout == piped.stdout == composed("x.jsonl.gz", *flags).stdout
    some = composed("x.jsonl", *flags, "--only", "t2", "--only", "zz")
    assert [line["EventTriggerName"] for line in lines(some)] == ["t2"]
    assert "1 not selected" in some.stderr
    assert "--only zz matches no trigger." in some.stderr


@pytest.mark.parametrize("out", [[], ["--out", "u.jsonl"]])
def test_nothing_is_written_where_one_update_would_break_a_rule(
    write_lines: Write, out: list[str]
) -> None:
    limits = {"EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 1}]}}
    write_lines([trigger(1), trigger(2) | limits], "x.jsonl")
    ended = composed("x.jsonl", "--set", "EventTriggerLimits.EventExpiration=5",
                     "--set", "EventTriggerLimits.Periods[].Value=61", *out)  # fmt: skip # two
    assert (ended.exit_code, ended.stdout, Path("u.jsonl").exists()) == (2, "", False)
    assert "line 2: EventTriggerLimits.Periods[0].Value: too large: at most 60" in ended.stderr
    assert "Nothing was written." in ended.stderr
    write_lines([trigger(1), trigger(2) | {"Descripton": SECRET}], "y.jsonl")
    ended = composed("y.jsonl", "--set", "SegmentFilter=a", *out)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "line 2: Descripton: no such member; did you mean Description?" in ended.stderr
    assert SECRET not in ended.stderr


def test_what_no_update_can_do_is_told_and_the_rest_is_written(write_lines: Write) -> None:
    limits = {"EventTriggerLimits": {"EventExpiration": 5}}
    write_lines([trigger(1) | limits, trigger(2)], "x.jsonl")
    ended = composed(
        *("x.jsonl", "--unset", "EventTriggerLimits.EventExpiration"),
        *("--set", "ObjectTypeName=Carts"),
    )
    assert (ended.exit_code, len(lines(ended))) == (1, 1)
    assert "line 1: left alone: --unset EventTriggerLimits.EventExpiration" in ended.stderr
    assert "1 can't be so" in ended.stderr


def test_of_what_is_wanted_only_the_difference_to_what_there_is_is_written(
    write_lines: Write,
) -> None:
    write_lines([trigger(1), trigger(2)], "now.jsonl")
    write_lines([trigger(1), trigger(2) | {"SegmentFilter": "vip"}], "wanted.jsonl")
    ended = composed("wanted.jsonl", "--current", "now.jsonl")
    assert lines(ended) == [
        {"DomainName": "acme", "EventTriggerName": "t2", "SegmentFilter": "vip"}
    ]
    write_lines([trigger(3)], "wanted.jsonl")
    ended = composed("wanted.jsonl", "--current", "now.jsonl")
    assert ended.exit_code == 2
    assert "line 1: EventTriggerName: there is no such trigger in now.jsonl" in ended.stderr


def test_without_a_wish_nothing_is_written_and_that_is_said(write_lines: Write) -> None:
    write_lines([trigger(1)], "x.jsonl")
    ended = composed("x.jsonl")
    assert (ended.exit_code, ended.stdout) == (0, "")
    assert "1 already so" in ended.stderr
    assert "No change was asked for" in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["x.jsonl", "--set", "SegmentFiltr=a"],
        ["x.jsonl", "--where", 'ObjectTypeName == "Orders"'],
        ["x.jsonl", "--where", "contains(SegmentFilter, 'a')"],
        ["x.jsonl", "--out", "x.jsonl", "--force", "--set", "SegmentFilter=a"],
        ["-", "--out", "x.jsonl", "--force", "--current", "x.jsonl"],
        ["-", "--out", "x.jsonl", "--force", "--from", "csv", "--template", "x.jsonl"],
        ["nowhere.jsonl", "--set", "SegmentFilter=a"],
        ["x.jsonl", "--only", "zz", "--set", "SegmentFilter=a"],
        ["/dev/null", "--set", "SegmentFilter=a"],
    ],
)
def test_what_is_wrong_ends_it_before_anything_is_written(
    write_lines: Write, arguments: list[str]
) -> None:
    path = write_lines([trigger(1)], "x.jsonl")
    before = path.read_bytes()
    ended = composed(*arguments)
    assert ended.exit_code != 0
    assert ended.stdout == ""
    assert path.read_bytes() == before


def test_a_table_goes_out_is_edited_and_only_what_was_edited_comes_back(write_lines: Write) -> None:
    given = [
        trigger(1) | {"SegmentFilter": "00123", "EventTriggerLimits": {"EventExpiration": 5}},
        trigger(2) | {"SegmentFilter": "-vip"},
        trigger(3) | {"Description": "=1+1"},
    ]
    write_lines(given, "now.jsonl")
    out = composed("now.jsonl", "--format", "csv", "--out", "t.csv", "--exclude", "t9")
    assert (out.exit_code, out.stdout) == (0, ""), out.stderr
    assert "Written as a table: 3 rows." in out.stderr
    table = Path("t.csv").read_bytes()
    assert table.startswith(b"\xef\xbb\xbfDomainName,EventTriggerName,ObjectTypeName,Description,")
    assert b'"""=1+1"""' in table
    same = composed("t.csv", "--current", "now.jsonl")
    assert (same.exit_code, same.stdout) == (0, "")
    assert "3 already so" in same.stderr
    edited = table.decode("utf-8-sig").replace(",", ";").replace("5\r", "24.0\r").encode("utf-16")
    Path("t.csv").write_bytes(edited)
    back = composed("t.csv", "--current", "now.jsonl")
    assert lines(back) == [
        {
            "DomainName": "acme",
            "EventTriggerName": "t1",
            "EventTriggerLimits": {"EventExpiration": 24},
        }
    ]
    Path("t.csv").write_bytes(edited.decode("utf-16").replace("24.0", "1.2E+05").encode())
    refused = composed("t.csv", "--current", "now.jsonl")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "row 2: EventTriggerLimits.EventExpiration (column F): is written" in refused.stderr


def test_rows_are_put_into_the_template_and_edits_go_on_top() -> None:
    table = "EventTriggerName,EventTriggerLimits.Periods[0].Value\na,3\nb,\n"
    template = {
        "DomainName": "acme",
        "EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 1}]},
    }
    flags = ("--from", "csv", "--template", json.dumps(template), "--set", "SegmentFilter=vip")
    ended = composed("-", *flags, "--where", "EventTriggerName != 'b'", given=table)
    assert lines(ended) == [
        {
            "DomainName": "acme",
            "EventTriggerName": "a",
            "EventTriggerLimits": {"Periods": [{"Unit": "DAYS", "Value": 3}]},
            "SegmentFilter": "vip",
        }
    ]
    wrong = composed("-", *flags, given=table.replace("3", "61"))
    assert "row 2: EventTriggerLimits.Periods[0].Value (column B): too large" in wrong.stderr
    usage = composed("x.jsonl", "--template", "{}")
    assert (usage.exit_code, "--template is for" in usage.stderr) == (2, True)
    usage = composed("x.jsonl", "--columns", "id")
    assert (usage.exit_code, "--columns are those" in usage.stderr) == (2, True)
