"""``batcher enqueue`` as its users meet it: everything goes in, or nothing and the reason."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import Command, change, records

Write = Callable[..., Path]


async def test_the_updates_of_a_file_are_put_in_and_it_is_said_where(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), change(1, target="eu")])
    put = await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool", "--target", "us")
    assert (put.code, put.err) == (0, "2 updates put into spool/updates.jsonl.\n")
    lines = records(tmp_path / "spool" / "updates.jsonl")
    assert [(line["id"], line["target"]) for line in lines] == [("1", "us"), ("2", "eu")]


async def test_nothing_is_put_in_unless_all_lines_are_valid(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), {"DomainName": "acme"}])
    refused = await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")
    assert refused.code == 2
    assert "line 2: EventTriggerName: " in refused.err
    assert "Nothing was put into the queue. Correct these lines." in refused.err
    empty = await batcher("enqueue", "-", "--queue", "spool:spool", given=b"\n")
    assert (
        empty.code,
        "no updates in it; nothing to do: it has only blank lines." in empty.err,
    ) == (2, True)
    assert not (tmp_path / "spool").exists()


async def test_standard_input_is_named_by_the_time(batcher: Command, tmp_path: Path) -> None:
    line = b'{"DomainName":"acme","EventTriggerName":"t0","SegmentFilter":"vip"}\n'
    put = await batcher("enqueue", "-", "--queue", "spool:spool", given=line)
    (path,) = (tmp_path / "spool").glob("*.jsonl")
    assert (put.code, path.name.startswith("stdin-")) == (0, True)
    assert put.err == f"1 update put into spool/{path.name}.\n"
