"""What directories say of a trigger that was touched: when, who, why, from what to what."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from batcher.jobs.recorded_touches import RunTouches, Touch, WorkerTouches
from batcher.records import Result
from batcher.storage.hash_chain import line_digest
from batcher.storage.run_sessions import RunSession
from batcher.target_identity import TargetIdentity
from tests.conftest import change
from tests.jobs.conftest import RecordedRun
from tests.storage.test_message_images import message_image
from tests.storage.test_results_directory import delivered, open_directory

PLACE = TargetIdentity(region="eu-west-1", account="111122223333", endpoint="https://e")


def image(line: int, **members: object) -> bytes:
    update = change(line - 1)
    names = {name: update[name] for name in ("DomainName", "EventTriggerName")}
    return msgspec.json.encode({"id": str(line), "target": "default", **names, **members})


def told(path: Path) -> list[Touch]:
    reader = RunTouches(path)
    return list(reader.touches(list(reader.results())))


def test_the_session_of_a_result_says_who_and_why_unless_the_result_does(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0), change(1), change(2)])
    sessions = [
        RunSession(session="a", started_at="2026-01-01T00:00:00.000Z", who={"default": "ann"}),
        RunSession(
            session="b",
            started_at="2026-01-02T00:00:00.000Z",
            who={"default": "bob", "other": "x"},
            reason="ticket 5",
            labels={"k": "v"},
        ),
    ]
    recorded.facts = replace(recorded.facts, sessions=sessions, targets={"default": PLACE})
    recorded.add(1, "failed", "E")
    recorded.add(2, "unchanged")
    recorded.add(3, "unchanged")
    recorded.results[1:] = [
        replace(recorded.results[1], finished_at="2026-01-02T00:00:01.000Z"),
        replace(recorded.results[2], finished_at="2026-01-03T00:00:01.000Z", reason="of its own"),
    ]
    found = told(recorded.write())
    assert [(each.who, each.reason, each.labels) for each in found] == [
        ("ann", None, {}),
        ("bob", "ticket 5", {"k": "v"}),
        ("bob", "of its own", {"k": "v"}),
    ]
    assert {(each.account, each.region) for each in found} == {("111122223333", "eu-west-1")}
    assert {(each.before is None, each.asked is None, each.unknown) for each in found} == {
        (True, True, None)
    }, "nothing was written, so there is nothing that is not known"


def test_from_what_to_what_is_image_and_request_and_else_why_not(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(n) for n in range(4)])
    kept = image(1, Description="what it was")
    for line, more in {
        1: {"image": line_digest(kept)},
        2: {"created": "with_integration"},
        3: {},
        4: {"image": "0" * 32},
    }.items():
        recorded.results.append(replace(recorded.add(line, "succeeded"), **more))
        del recorded.results[-2]
    path = recorded.write()
    lines = [image(1, Description="an earlier session's"), kept, image(4, Description="other")]
    recorded.directory.before.write_bytes(b"\n".join(lines) + b"\n")
    one, created, none, other = told(path)
    assert (one.before, one.asked) == (
        {"DomainName": "acme", "EventTriggerName": "t0", "Description": "what it was"},
        change(0),
    )
    assert (created.before, created.asked, created.unknown) == ({}, change(1), None)
    assert {each.unknown for each in (none, other)} == {"its before image was not kept"}
    (tmp_path / "updates.jsonl").unlink()
    assert "is gone; put it back" in str(told(path)[0].unknown)
    recorded.directory.before.write_bytes(b"{}\n")
    assert "line 1 is not a before image" in str(told(path)[0].unknown)


def test_a_run_that_may_have_done_more_says_so(tmp_path: Path) -> None:
    recorded = RecordedRun(tmp_path, [change(0)])
    path = recorded.write(summary=False)
    assert "did not come to its end" in str(RunTouches(path).note())
    with recorded.directory:
        assert f"{path}: in use by process" in str(RunTouches(path).note())
    assert RunTouches(recorded.write()).note() is None


async def test_a_message_is_told_of_from_its_image(tmp_path: Path) -> None:
    async with open_directory(tmp_path) as results:
        asked = message_image(1, "2026-01-01T00:00:01.000Z")
        kept = await results.keep_image(asked)
        await results.append(replace(delivered(1), image=kept.digest, image_file=kept.file))
        await results.append(delivered(2))
        reader = WorkerTouches(tmp_path)
        assert "a worker is at work" in str(reader.note())
        found: list[Result] = list(reader.results())
        first, second = reader.touches(found)
    assert WorkerTouches(tmp_path).note() is None
    assert (first.kind, first.before, first.asked) == ("worker", asked.image, asked.asked)
    assert first.account == asked.place.account
    assert (second.before, second.unknown) == (None, "its before image was not kept")
