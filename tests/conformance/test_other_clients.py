"""The emulator under other clients: the SDK for JavaScript, and the AWS CLI."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator, account_of

HERE = Path(__file__).parent
KEY, SECRET = "AKIDCONFORMANCE", "secret/with+signs"
CONDITIONS = [
    {
        "EventTriggerDimensions": [
            {
                "ObjectAttributes": [
                    {"FieldName": "Total", "ComparisonOperator": "EQUAL", "Values": ["1"]}
                ]
            }
        ],
        "LogicalOperator": "ALL",
    }
]


async def _run(*command: str | Path) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    own = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    quiet = {
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "AWS_CONFIG_FILE": os.devnull,
        "HOME": os.devnull,
    }
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=HERE,
        env={"PATH": os.environ["PATH"], **own, **quiet},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_sdk_for_javascript_gets_through_every_operation() -> None:
    emulator = Emulator(latency=(0, 0), keys={KEY: SECRET})
    async with emulator as url:
        code, out, err = await _run("node", "drive.mjs", url, KEY, SECRET, account_of(KEY))
    assert (code, out) == (0, "ok\n"), err
    assert emulator.counts()["UpdateEventTrigger"]["ok"] == 1


async def test_the_aws_cli_gets_through_every_operation() -> None:
    emulator = Emulator(latency=(0, 0), keys={KEY: SECRET})
    name = ("--domain-name", "cli", "--event-trigger-name", "cart")
    arn = f"arn:aws:profile:eu-west-1:{account_of(KEY)}:domains/cli/event-triggers/cart"
    async with emulator as url:

        async def aws(service: str, operation: str, *flags: str) -> Any:
            command: tuple[str | Path, ...] = (
                HERE / ".venv/bin/aws",
                "--endpoint-url",
                url,
                service,
                operation,
                *flags,
            )
            code, out, err = await _run(*command)
            assert (code, err) == (0, "")
            return json.loads(out) if out else None

        await aws(
            "customer-profiles",
            "create-domain",
            "--domain-name",
            "cli",
            "--default-expiration-days",
            "9",
        )
        created = {"ObjectTypeName": "Orders", "EventTriggerConditions": CONDITIONS}
        await aws(
            "customer-profiles",
            "create-event-trigger",
            *name,
            "--cli-input-json",
            json.dumps(created),
        )
        line = {"DomainName": "cli", "EventTriggerName": "cart", "Description": "from a line"}
        await aws("customer-profiles", "update-event-trigger", "--cli-input-json", json.dumps(line))
        found = await aws("customer-profiles", "get-event-trigger", *name)
        assert (found["Description"], found["EventTriggerConditions"]) == (
            "from a line",
            CONDITIONS,
        )
        listed = await aws(
            "customer-profiles", "list-event-triggers", "--domain-name", "cli", "--page-size", "1"
        )
        assert [item["EventTriggerName"] for item in listed["Items"]] == ["cart"]
        await aws("customer-profiles", "tag-resource", "--resource-arn", arn, "--tags", "a=b")
        await aws("customer-profiles", "untag-resource", "--resource-arn", arn, "--tag-keys", "x")
        tags = await aws("customer-profiles", "list-tags-for-resource", "--resource-arn", arn)
        assert tags == {"tags": {"a": "b"}}
        assert (await aws("customer-profiles", "get-domain", "--domain-name", "cli"))[
            "DefaultExpirationDays"
        ] == 9
        assert len((await aws("customer-profiles", "list-domains"))["Items"]) == 1
        assert (await aws("customer-profiles", "delete-event-trigger", *name)) == {"Message": "OK"}
        assert (await aws("sts", "get-caller-identity"))["Account"] == account_of(KEY)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("throttle", "(ThrottlingException) when calling the GetEventTrigger operation"),
        ("unavailable-html", "(503) when calling the GetEventTrigger operation"),
        (
            None,
            (
                "(ResourceNotFoundException) when calling the GetEventTrigger operation: Domain"
                " none does not exist"
            ),
        ),
    ],
)
async def test_the_aws_cli_shows_errors_as_aws_makes_them(fault: str | None, said: str) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.script("GetEventTrigger", [fault])
    async with emulator as url:
        command = (
            HERE / ".venv/bin/aws",
            "--endpoint-url",
            url,
            "customer-profiles",
            "get-event-trigger",
        )
        code, out, err = await _run(*command, "--domain-name", "none", "--event-trigger-name", "x")
    assert (code, out) == (255, "")
    assert said in err
