"""Whole commands against a server that answers oddly: nothing of it is taken for AWS's word."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Command, change, trigger
from tests.odd_server import Answer, OddServer, Request, http, odd_server

TRIGGERS = 6
QUICKLY = ("--yes", "--json", "--no-progress", "--max-attempts", "2", "--rate", "1000")
SECRET = "SECRET-VALUE-1"


class Profiles:
    """Triggers as AWS would show them; ``odd`` answers instead of it where it has something.

    Told what it would answer, without a status; None: that.
    """

    def __init__(self) -> None:
        self.live = {f"t{number}": self._shown(number) for number in range(1, TRIGGERS + 1)}

    def odd(self, request: Request, shown: dict[str, Any]) -> Answer | None:
        return None

    def __call__(self, request: Request) -> Answer:
        name = request.path.rpartition("/")[2]
        if name not in self.live:  # STS, and lists
            return http(400, {"Message": "not here"}, x_amzn_ErrorType="BadRequestException")
        if request.method == "PUT":
            self.live[name] |= json.loads(request.body)
        return self.odd(request, self.live[name]) or http(200, self.live[name])

    @staticmethod
    def _shown(number: int) -> dict[str, Any]:
        shown = {**trigger(number), "CreatedAt": 1.0, "LastUpdatedAt": 2.0}
        del shown["DomainName"]
        return shown


@asynccontextmanager
async def serving(profiles: Profiles) -> AsyncIterator[OddServer]:
    async with odd_server(profiles) as server:
        yield server


def updates(folder: Path) -> Path:
    path = folder / "updates.jsonl"
    lines = (json.dumps(change(number)) for number in range(1, TRIGGERS + 1))
    path.write_text("\n".join(lines) + "\n")
    return path


def results(folder: Path) -> dict[str, tuple[str, str | None]]:
    """Status and code of each trigger's result."""
    lines = (folder / "updates.run/results.jsonl").read_text().splitlines()
    found = map(json.loads, lines)
    return {each["trigger"]: (each["status"], (each["error"] or {}).get("code")) for each in found}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])  # the look, the update, STS
async def test_nothing_goes_where_a_redirect_leads_and_the_target_stops(
    batcher: Command, method: str, status: int
) -> None:
    profiles = Profiles()
    batcher.environ["AWS_SESSION_TOKEN"] = "SECRET-TOKEN"
    async with odd_server(profiles) as elsewhere:
        redirect = http(status, b"", Location=f"{elsewhere.url}/x?SECRET-QUERY")

        def answer(request: Request) -> Answer:
            return redirect if request.method == method else profiles(request)

        async with odd_server(answer) as server:
            command = ("run", str(updates(batcher.folder)), "--endpoint-url", server.url, *QUICKLY)
            ended = await batcher(*command)
            server.answer = profiles
            again = await batcher(*command)
        assert not elsewhere.requests
    assert ended.code == 5
    assert f"redirect (status {status}) to 127.0.0.1" in ended.err
    assert "SECRET" not in ended.err + ended.out
    assert "redirect" in json.loads(ended.out)["error"]
    # with the server in order it resumes: nothing had counted as done
    assert again.code == 0, again.err
    assert json.loads(again.out)["succeeded"] == TRIGGERS


WISHES = {
    "t1": "9999999999",
    "t2": "-5",
    "t3": "Wed, 21 Oct 2015 07:28:00 GMT",
    "t4": "soon",
    "t5": "1e400",
    "t6": "nan",
}


async def test_whatever_wait_a_server_asks_for_is_held_to_the_throttle_limit_and_said_once(
    batcher: Command,
) -> None:
    profiles, refused = Profiles(), set[str]()

    def once(request: Request, shown: dict[str, Any]) -> Answer | None:
        name = shown["EventTriggerName"]
        if request.method != "PUT" or name in refused:
            return None
        refused.add(name)
        return http(500, {}, x_amzn_ErrorType="InternalServerException", Retry_After=WISHES[name])

    profiles.odd = once  # type: ignore[method-assign] # as the others do
    async with serving(profiles) as server:
        limited = ("--endpoint-url", server.url, *QUICKLY, "--throttle-limit", "0.9")
        ended = await batcher("run", str(updates(batcher.folder)), *limited)
    assert ended.code == 0, ended.err
    assert refused == set(WISHES)
    log = map(json.loads, (batcher.folder / "updates.run/log.jsonl").read_text().splitlines())
    (told,) = [each for each in log if each["event"] == "retry.asked_too_long"]
    assert (told["level"], told["taken_seconds"]) == ("warning", 0.9)
    assert told["asked_seconds"] > 2e9


ODD_LOOKS = {
    "another trigger's": lambda shown: {**shown, "EventTriggerName": "t5"},
    "half a pair": lambda shown: {**shown, "Description": "\ud83d"},
    "a null value": lambda shown: {**shown, "EventTriggerConditions": [None]},
    "a list": lambda shown: [shown],
    "a text where a list is": lambda shown: {**shown, "EventTriggerConditions": "abc"},
    "two mebibytes": lambda shown: {**shown, "Description": "x" * 2**21},
    "an integer that no file takes": lambda shown: {
        **shown,
        "EventTriggerLimits": {"EventExpiration": 2**90},
    },
}


@pytest.mark.parametrize("odd", ODD_LOOKS.values(), ids=ODD_LOOKS)
async def test_an_odd_look_keeps_no_image_and_ends_only_its_own_update(
    batcher: Command, odd: Any
) -> None:
    profiles = Profiles()
    profiles.odd = lambda request, shown: (
        http(200, odd(shown))
        if request.method == "GET" and request.path.endswith(("/t2", "/t3"))
        else None
    )
    async with serving(profiles) as server:
        ended = await batcher(
            "run", str(updates(batcher.folder)), "--endpoint-url", server.url, *QUICKLY
        )
    assert ended.code == 1
    odd_ones = ("failed", "UnreadableAnswer")
    assert results(batcher.folder) == {
        f"t{number}": odd_ones if number in (2, 3) else ("succeeded", None)
        for number in range(1, TRIGGERS + 1)
    }
    images = (batcher.folder / "updates.run/before.jsonl").read_text().splitlines()
    kept = {line["EventTriggerName"]: line["Description"] for line in map(json.loads, images)}
    assert kept == {f"t{number}": f"before-{number}" for number in (1, 4, 5, 6)}
    assert {name: live["Description"] for name, live in profiles.live.items()} == {
        f"t{number}": f"before-{number}" if number in (2, 3) else change(number)["Description"]
        for number in range(1, TRIGGERS + 1)
    }


@pytest.mark.parametrize("odd", ODD_LOOKS.values(), ids=ODD_LOOKS)
async def test_an_odd_answer_to_an_update_leaves_it_in_doubt_and_a_look_settles_it(
    batcher: Command, odd: Any
) -> None:
    profiles = Profiles()
    profiles.odd = lambda request, shown: (
        http(200, odd(shown))
        if request.method == "PUT" and request.path.endswith(("/t2", "/t3"))
        else None
    )
    async with serving(profiles) as server:
        at = ("--endpoint-url", server.url)
        ended = await batcher("run", str(updates(batcher.folder)), *at, *QUICKLY)
        assert ended.code == 1
        found = results(batcher.folder)
        assert found["t2"] == found["t3"] == ("in_doubt", "UnreadableAnswer")
        assert json.loads(ended.out)["succeeded"] == TRIGGERS - 2
        verified = await batcher("verify", "updates.run", *at)
    assert verified.code == 0, verified.err
    assert set(results(batcher.folder).values()) == {("succeeded", None)}
    assert SECRET not in ended.err + ended.out + verified.err


@pytest.mark.parametrize(
    ("flags", "read", "code"),
    [
        (["--before", "--verify", "100%"], 6, 1),
        (["--no-before", "--verify", "34%"], 3, 1),
        (["--no-before"], 0, 0),
    ],
    ids=["all", "some", "none"],
)
async def test_an_answer_that_lies_is_found_by_reading_back_and_fails_nothing(
    batcher: Command, flags: list[str], read: int, code: int
) -> None:
    profiles = Profiles()
    before = {name: dict(live) for name, live in profiles.live.items()}
    profiles.odd = lambda request, shown: (
        http(200, before[request.path.rpartition("/")[2]]) if request.method == "GET" else None
    )
    async with serving(profiles) as server:
        at = ("--endpoint-url", server.url)
        ended = await batcher("run", str(updates(batcher.folder)), *at, *flags, *QUICKLY)
        looks = TRIGGERS if "--before" in flags else 0
        assert len(server.sent("GET")) == looks + read
        verified = await batcher("verify", "updates.run", *at, "--json")
    assert ended.code == code, ended.err
    summary = json.loads(ended.out)
    assert summary["read_back"] == ({"differs": read} if read else {})
    assert (summary["differs"], summary["failed"]) == (read, 0)
    assert summary["succeeded"] == TRIGGERS - read
    assert (f"{read} updates ACCEPTED BY AWS" in ended.err) == bool(read)
    lines = (batcher.folder / "updates.run/results.jsonl").read_text().splitlines()
    told = [each["error"]["message"] for each in map(json.loads, lines) if each["error"]]
    assert len(told) == read
    assert all(message.endswith("read back, differs in Description") for message in told)
    assert not (batcher.folder / "updates.run/failed.jsonl").exists()  # there is nothing to retry
    assert verified.code == 1
    assert json.loads(verified.out)["differs"]["count"] == TRIGGERS
    assert SECRET not in ended.err + ended.out + verified.err
