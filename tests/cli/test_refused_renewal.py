"""Credentials that are not renewed in mid-run: no update is charged with it, and none is lost."""

import json
import os
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger
from tests.local_sts import LocalSts, role_profile
from tests.waiting import until

Write = Callable[..., Path]

UPDATES = 12
REFUSED, LATER = ("AccessDenied", 403), ("Throttling", 400)


async def test_a_renewal_that_is_refused_stops_the_run_and_a_resume_has_exact_books(
    batcher: Command, write_lines: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(n) for n in range(UPDATES)])
    write_lines([change(n) for n in range(UPDATES)])
    results = tmp_path / "updates.run" / "results.jsonl"
    async with LocalSts() as sts, emulator as url:

        def expire(refusal: tuple[str, int]) -> None:
            """Have the next update refused for its credentials, and no others given for these."""
            emulator.script("UpdateEventTrigger", ["expired-token"])
            sts.refusal = refusal

        sts.life = timedelta(hours=1)
        role_profile(tmp_path, monkeypatch, sts)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            del batcher.environ[name]
        batcher.environ |= {k: v for k, v in os.environ.items() if k.startswith("AWS_")}
        place = ("--profile", "prod", "--region", "eu-west-1", "--endpoint-url", url)
        command = ("run", "updates.jsonl", *place, "--rate", "20", "--yes", "--json")

        stopped = await batcher.start(*command, "--outage-limit", "0.5")
        await until(lambda: len(emulator.applied()) >= 2)
        expire(REFUSED)
        out, err = await stopped.communicate()
        assert stopped.returncode == 3, err.decode()
        first = json.loads(out)
        assert first["not_started"] == UPDATES - first["succeeded"] > 0
        assert "AWS refuses to give credentials (AssumeRole: AccessDenied)" in first["stopped"]
        assert "run the same command again" in first["stopped"]

        sts.refusal = None
        killed = await batcher.start(*command)
        await until(lambda: len(emulator.applied()) >= first["succeeded"] + 2)
        asked = len(sts.asked)
        expire(LATER)
        await until(lambda: len(sts.asked) >= asked + 3)  # refused, and tried again after a wait
        assert killed.returncode is None
        killed.kill()
        await killed.wait()

        sts.refusal = None
        finished = await batcher(*command)
    assert finished.code == 0, finished.err
    summary, found = json.loads(finished.out), records(results)
    assert summary["succeeded"] + summary["unchanged"] == UPDATES
    assert Counter(each["line"] for each in found) == Counter(range(1, UPDATES + 1))
    assert {each["error"] and each["error"]["code"] for each in found} == {None}
    # what is in the books is what the server has seen: nothing was sent twice, nothing made up
    sent = Counter(c.outcome for c in emulator.calls() if c.operation == "UpdateEventTrigger")
    assert sent == {"ok": UPDATES, "ExpiredTokenException": 2}
    assert sum(each["attempts"] for each in found) == len(emulator.applied()) == UPDATES
