"""What reads can show of permissions, and that nothing else is sent."""

from collections.abc import Callable

import pytest

from batcher.jobs.diagnosis import Told
from batcher.jobs.iam_policies import actions_of, statements_for
from batcher.jobs.permission_checks import Sample, check_permissions
from batcher.wiring.targets import TargetConnector
from tests.jobs.conftest import SettingsFor, seeded
from tests.odd_server import http, odd_server

NEEDED = actions_of(statements_for("run", sqs=False), "profile")
GET, LIST = "profile:GetEventTrigger", "profile:ListEventTriggers"


@pytest.fixture
def verdicts(settings_for: SettingsFor) -> Callable[..., object]:
    async def ask(
        url: str, needed: tuple[str, ...] = NEEDED, **sample: str
    ) -> dict[str, tuple[str, str]]:
        told = Told("target default")
        async with TargetConnector(settings_for(url)).target("default") as target:
            await check_permissions(target, needed, Sample(**sample), told)
        assert all(check.denied == (check.name,) for check in told.checks if check.denied)
        return {check.name: (check.verdict, check.seen) for check in told.checks}

    return ask


async def test_what_is_named_is_read_and_what_only_a_write_could_test_is_not(verdicts) -> None:
    emulator = seeded(2)
    async with emulator as url:
        found = await verdicts(url, domain="acme")
        assert {name: verdict for name, (verdict, _) in found.items()} == {
            "signed request": "ok",
            LIST: "ok",
            GET: "ok",  # of the first one that was listed
            "permissions": "untested",
        }
        said = "ListTagsForResource, UpdateEventTrigger: not without doing it."
        assert found["permissions"][1] == said
        found = await verdicts(url)
        assert "GetEventTrigger, ListEventTriggers: give --domain" in found["permissions"][1]
        found = await verdicts(url, domain="acme", trigger="nope")
        assert found[GET][0] == "warning"
        found = await verdicts(url, domain="a\x1b[2J/../x?y", trigger="")
        assert (found[LIST][0], found[GET][0]) == ("warning", "warning")
        assert "\x1b" not in str(found)
        assert (await verdicts(url, (LIST,), domain="acme"))["permissions"][0] == "ok"
        sent = {call.operation for call in emulator.calls()}
        assert sent == {"ListDomains", "ListEventTriggers", "GetEventTrigger"}


@pytest.mark.parametrize(
    ("operation", "kind", "name", "verdict"),
    [
        ("ListEventTriggers", "access-denied", LIST, "fault"),
        ("GetEventTrigger", "access-denied", GET, "fault"),
        ("GetEventTrigger", "throttle", GET, "untested"),
        ("ListDomains", "access-denied", "signed request", "ok"),
        ("ListDomains", "throttle", "signed request", "untested"),
        ("ListDomains", "expired-token", "signed request", "fault"),
        ("ListDomains", "internal", "signed request", "fault"),
        ("ListDomains", "reset-before", "signed request", "fault"),
    ],
)
async def test_each_answer_of_aws_has_its_verdict(
    operation: str, kind: str, name: str, verdict: str, verdicts
) -> None:
    emulator = seeded(1)
    emulator.script(operation, [kind])
    async with emulator as url:
        found = await verdicts(url, domain="acme", trigger="t0")
    assert found[name][0] == verdict
    if name == "signed request" and verdict == "fault":
        assert found.keys() == {name}


async def test_a_refusal_is_not_quoted(verdicts) -> None:
    said = {"Message": "User: arn:aws:iam::1:user/SECRET\x1b is not authorized"}

    def answer(_: object) -> bytes:
        return http(403, said, x_amzn_ErrorType="AccessDeniedException")

    async with odd_server(answer) as odd:
        found = await verdicts(odd.url, domain="acme", trigger="t0")
    assert found[GET][0] == found[LIST][0] == "fault"
    assert "SECRET" not in str(found)
