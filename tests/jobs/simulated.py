"""Files for simulations: triggers on orders above a total, and orders. No assertions here."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile, check_file
from tests.triggers.semantics.samples import attribute, condition, dimension

SECRET = "31415"  # as a condition's value, which must be shown nowhere


def conditions(total: str | int) -> list[dict[str, Any]]:
    return [condition("ALL", dimension(attribute("GREATER_THAN", str(total), source="Total")))]


def definition(name: str, total: str | int, **more: Any) -> dict[str, Any]:
    """A whole trigger on orders above that total."""
    return {
        "DomainName": "acme",
        "EventTriggerName": name,
        "ObjectTypeName": "Orders",
        "EventTriggerConditions": conditions(total),
    } | more


def update(name: str, **members: Any) -> dict[str, Any]:
    return {"DomainName": "acme", "EventTriggerName": name} | members


def order(total: int, profile: str = "p-1", second: int = 0, **more: Any) -> dict[str, Any]:
    """An event."""
    return {
        "id": f"e-{total}-{second}",
        "profile": profile,
        "object_type": "Orders",
        "timestamp": f"2026-11-01T10:{second // 60:02}:{second % 60:02}Z",
        "object": {"Total": total},
    } | more


def written(path: Path, lines: list[Any]) -> str:
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return str(path)


def checked(folder: Path, lines: list[Any], settings: Settings | None = None) -> CheckedFile:
    path = written(folder / "updates.jsonl", lines)
    return check_file(path, settings or Settings(), folder)
