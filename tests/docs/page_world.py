"""What a reader of the pages has: triggers, files, profiles. No assertions here."""

import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from batcher.emulator import Emulator
from batcher.emulator.credentials import account_of
from tests.conftest import Command, remember_quota

NAMES = ("cart-1", "cart-abandoned", "cart-2", "cart-3", "order-1")
PROFILES = ("prod", "contact-center-prod")


def triggers() -> Iterator[dict[str, Any]]:
    """The triggers of the domain acme."""
    for number, name in enumerate(NAMES, 1):
        attribute = {"Source": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
        periods = [{"Unit": "DAYS", "Value": 1}]
        yield {
            "DomainName": "acme",
            "EventTriggerName": name,
            "ObjectTypeName": "Orders",
            "EventTriggerConditions": [_condition(attribute)],
            "EventTriggerLimits": {"EventExpiration": 300_000 * number, "Periods": periods},
            "SegmentFilter": "customers",
        }


def emulator() -> Emulator:
    """A Customer Profiles that has them in each account and Region."""
    found = Emulator(latency=(0.0, 0.0))
    found.seed([*triggers(), next(triggers()) | {"DomainName": "acme-copy"}])
    return found


def furnish(batcher: Command, url: str, *, configs: bool) -> dict[str, str]:
    """Write the files that pages name; returns what to put in place of the places they name.

    ``configs``: the examples of the repository, too.
    """
    folder = batcher.folder
    instead = {
        "http://127.0.0.1:9400": url,
        "/var/spool/batcher": str(folder / "spool"),
        "/var/lib/batcher": str(folder / "lib"),
        "/srv/migrations": str(folder / "migrations"),
        "--soak 15m": "--soak 1s",
        "arn:aws:sts::444455556666:assumed-role/migrate/ann": (
            f"arn:aws:iam::{account_of('AKIDEXAMPLE')}:user/emulator"
        ),
        "444455556666": account_of("AKIDEXAMPLE"),
        "127.0.0.1:9090": "127.0.0.1:0",
        "--http 9090": "--http 0",
        "--http 0.0.0.0:9090": "--http 0.0.0.0:0",
        "/etc/batcher": str(folder / "etc"),
    }
    batcher.environ |= {
        "AWS_ENDPOINT_URL_CUSTOMER_PROFILES": url,
        "AWS_ENDPOINT_URL_STS": url,
    }
    account = account_of(batcher.environ["AWS_ACCESS_KEY_ID"])
    remember_quota(folder / "state", "UpdateEventTrigger", 500.0, account=account)
    profile = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
    _write(folder / ".aws/config", "".join(f"[profile {name}]\n{profile}" for name in PROFILES))
    updates = [_update(name, SegmentFilter="vip") for name in NAMES]
    _write(folder / "updates.jsonl", _lines(updates))
    _write(folder / "triggers.jsonl", _lines(triggers()))
    if configs:
        shutil.copytree("configs", folder / "configs")
    shutil.copy("configs/worker.toml", folder / "worker.toml")
    for path in (*folder.glob("*.toml"), *folder.glob("configs/*.toml")):
        path.write_text(_replaced(path.read_text(), instead))
    for name in ("check-calls.sh", "tell-me.sh"):
        _write(folder / name, "#!/bin/sh\ncat >/dev/null\n")
        (folder / name).chmod(0o755)
    _write(folder / "batcher.toml", "")
    _write(folder / "etc/http-token", "0123456789abcdef" * 4)
    (folder / "etc/http-token").chmod(0o600)
    fault = {"operation": "UpdateEventTrigger", "faults": ["internal"]}
    _write(folder / "one-fault.json", _lines([fault]))
    quota = {"operation": "UpdateEventTrigger", "rate": 100, "burst": 5}
    _write(folder / "quota.json", _lines([quota]))
    _write(folder / "missing.jsonl", _lines([_update("nobody", SegmentFilter="vip")]))
    _write(folder / "events.jsonl.gz", events())
    _write(folder / "stream/2026/11/part-1.gz", events())
    _write(folder / "orders.csv", "customerId,createdAt,Total\np-1,2026-11-01T10:00:00Z,120\n")
    attribute = {"Source": "Country", "ComparisonOperator": "INCLUSIVE", "Values": ["de"]}
    big = {**next(triggers()), "EventTriggerName": "big-order"}
    big["EventTriggerConditions"] = [_condition(attribute)]
    _write(folder / "trigger.json", _lines([big]))
    _write(folder / "event.json", _lines([{"Country": "DE"}]))
    return instead


def make_queues(client: Any) -> None:
    """Make what ``aws sqs create-queue`` of the pages makes."""
    dead = client.create_queue(QueueName="updates-dead.fifo", Attributes={"FifoQueue": "true"})
    told = client.get_queue_attributes(QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"])
    written = Path("configs/sqs-queue.json").read_text()
    own = _replaced(
        written,
        {"arn:aws:sqs:eu-west-1:111122223333:updates-dead.fifo": told["Attributes"]["QueueArn"]},
    )
    attributes = msgspec.json.decode(own)
    for name in ("updates.fifo", "urgent.fifo"):
        client.create_queue(QueueName=name, Attributes=attributes)


def events() -> str:
    """Orders of one profile each."""
    return _lines(
        {
            "id": f"e-{number}",
            "profile": f"p-{number}",
            "object_type": "Orders",
            "timestamp": f"2026-11-01T{number:02}:00:00Z",
            "object": {"Total": 40 * number},
        }
        for number in range(1, 6)
    )


def _condition(attribute: dict[str, Any]) -> dict[str, Any]:
    dimensions = [{"ObjectAttributes": [attribute]}]
    return {"EventTriggerDimensions": dimensions, "LogicalOperator": "ALL"}


def _update(name: str, **members: Any) -> dict[str, Any]:
    return {"DomainName": "acme", "EventTriggerName": name, **members}


def _lines(objects: Any) -> str:
    return "".join(msgspec.json.encode(each).decode() + "\n" for each in objects)


def _replaced(text: str, instead: dict[str, str]) -> str:
    for shown, own in instead.items():
        text = text.replace(shown, own)
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        path.write_text(text)
