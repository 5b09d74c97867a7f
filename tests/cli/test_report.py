"""``batcher report`` as its users meet it, and the report that each run leaves."""

import json
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger
from tests.waiting import until

Write = Callable[..., Path]


async def test_a_run_leaves_a_report_with_the_numbers_of_its_summary_and_verify_finds_an_edit(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(30)])
    emulator.script("UpdateEventTrigger", ["throttle"])
    write_lines([change(n) for n in range(30)] + [change(99)])
    run, page = tmp_path / "updates.run", tmp_path / "updates.run" / "report.html"
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "99", "--yes")
        ended = await batcher("run", "updates.jsonl", *flags, "--reason", "CHG-<b>7")
        assert (ended.code, "Report: updates.run/report.html" in ended.err) == (1, True), ended.err
        first = page.read_bytes()
        again = await batcher("report", "updates.run", "--format", "json")
        summary = json.loads((run / "summary.json").read_bytes())
        report = json.loads(again.out)
        assert (again.code, again.err) == (0, "")
        for name in ("total", "attempts", "throttles"):
            assert report["accounts"][name] == summary[name]
        for status, count in report["accounts"]["outcomes"].items():
            assert summary[status] == count
        assert report["facts"]["reason"] == "CHG-<b>7"
        assert "&lt;b&gt;7" in first.decode()
        assert "after-1" not in first.decode() + again.out
        timeline = report["timeline"]
        assert timeline["measured"]
        sent = sum(each["attempts_per_second"] for each in timeline["buckets"])
        assert round(sent * timeline["bucket_seconds"]) == summary["attempts"]
        assert sum(each["throttles"] for each in timeline["buckets"]) == summary["throttles"] > 0
        assert report["plan"]["groups"][0]["count"] == 30
        assert report["lint"]["updates"] == 31
        assert report["failures"][0]["command"].startswith("batcher export --domain acme")
        results = run / "results.jsonl"
        whole = results.read_bytes()
        results.write_bytes(whole.replace(b'"attempts":1', b'"attempts":2', 1))
        damaged = await batcher("report", "updates.run", "--format", "junit", "--out", "x.xml")
        assert (damaged.code, "is not as it was written" in damaged.err) == (1, True), damaged.err
        proved = await batcher("verify", "updates.run", "--endpoint-url", url)
        assert (proved.code, "is not as it was written" in proved.err) == (5, True)
        results.write_bytes(whole)
        page.unlink()
        page.mkdir()
        rerun = await batcher("retry", "updates.run", *flags, "--no-report")
        assert "eport" not in rerun.err
        made = await batcher("report", "updates.run")
        assert (made.code, "no regular file" in made.err) == (5, True)


async def test_a_run_that_is_under_way_killed_and_resumed_can_be_reported_on_at_any_time(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(30)])
    write_lines([change(n) for n in range(30)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "1", "--burst", "3", "--yes")
        run = await batcher.start("run", "updates.jsonl", *flags)
        await until(lambda: len(emulator.applied()) >= 2)
        going = json.loads((await batcher("report", "updates.run", "--format", "json")).out)
        assert (going["facts"]["state"], going["accounts"]["balanced"]) == ("under_way", True)
        run.kill()
        await run.communicate()
        killed = json.loads((await batcher("report", "updates.run", "--format", "json")).out)
        assert killed["facts"]["state"] == "killed"
        assert killed["next_steps"][0]["command"].startswith("batcher run ")
        (tmp_path / "updates.run" / "report.html").mkdir()
        ended = await batcher(
            "run", "updates.jsonl", "--endpoint-url", url, "--rate", "99", "--yes"
        )
    assert (ended.code, "There is no report (" in ended.err) == (0, True), ended.err
    assert "batcher report updates.run" in ended.err
    again = json.loads((await batcher("report", "updates.run", "--format", "json")).out)
    assert again["facts"]["state"] == "finished"
    for odd, code in (("nothing.run", 5), ("updates.jsonl", 5)):
        assert (await batcher("report", odd)).code == code
    inside = await batcher("report", "updates.run", "--out", "updates.run/x.html")
    assert (inside.code, "run directory" in inside.err) == (2, True)
