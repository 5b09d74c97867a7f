"""Event-trigger evaluations a second on one core: a typical trigger, asked of flat objects."""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from batcher.triggers.semantics.compiled_trigger import CompiledTrigger, compile_trigger

ROUNDS, EVENTS = 9, 50_000


def attribute(source: str, operator: str, *values: str) -> dict[str, Any]:
    return {"Source": source, "ComparisonOperator": operator, "Values": list(values)}


def dimensions(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"ObjectAttributes": list(pair)} for pair in pairs]


TRIGGER = {
    "ObjectTypeName": "Orders",
    "EventTriggerConditions": [
        {
            "LogicalOperator": "ALL",
            "EventTriggerDimensions": dimensions(
                (attribute("status", "EQUAL", "paid"), attribute("total", "GREATER_THAN", "100")),
                (attribute("country", "INCLUSIVE", "DE"), attribute("items", "BETWEEN", "2", "10")),
            ),
        },
        {
            "LogicalOperator": "ANY",
            "EventTriggerDimensions": dimensions(
                (attribute("sku", "BEGINS_WITH", "gift-"), attribute("items", "LESS_THAN", "3")),
                (
                    attribute("channel", "CONTAINS", "app"),
                    attribute("ordered_at", "AFTER", "2026-06-01T00:00:00Z"),
                ),
            ),
        },
    ],
}
"""Two conditions of two dimensions of two attributes: texts, numbers and a date."""


def event(draw: random.Random) -> dict[str, Any]:
    """An object as it is ingested; of total, sku and ordered_at hardly one is like another."""
    moment = (draw.randint(1, 12), draw.randint(1, 28), draw.randint(0, 23), draw.randint(0, 59))
    return {
        "id": f"o-{draw.randint(1, 10**9)}",
        "status": draw.choice(["cart", "paid", "sent"]),
        "total": round(draw.uniform(1, 300), 2),
        "country": draw.choice(["DE", "AT", "FR", "IT"]),
        "items": draw.randint(1, 12),
        "sku": f"{draw.choice(['gift', 'book', 'food'])}-{draw.randint(1, 10**6)}",
        "channel": draw.choice(["web", "web-app", "store"]),
        "ordered_at": "2026-{:02}-{:02}T{:02}:{:02}:00Z".format(*moment),
    }


def rate(ask: Callable[[dict[str, Any]], Any], events: list[dict[str, Any]]) -> float:
    began = time.process_time()
    for each in events:
        ask(each)
    return len(events) / (time.process_time() - began)


def measured(compiled: CompiledTrigger, events: list[dict[str, Any]]) -> None:
    for name, ask in (("fires", compiled.fires), ("verdict", compiled.verdict)):
        rates = [rate(ask, events) for _ in range(ROUNDS)]
        print(
            f"{name}: {statistics.median(rates):,.0f} evaluations a second of CPU time,"
            f" worst round {min(rates):,.0f}"
        )


def main() -> None:
    draw = random.Random(1)
    events = [event(draw) for _ in range(EVENTS)]
    compiled = compile_trigger(TRIGGER)
    verdicts = [compiled.verdict(each) for each in events]
    fire = sum(fires for fires, _ in verdicts) / EVENTS
    depend = sum(bool(depends_on) for _, depends_on in verdicts) / EVENTS
    print(f"{EVENTS:,} events, of which {fire:.0%} fire and {depend:.0%} depend on an unknown")
    measured(compiled, events)
    began = time.process_time()
    for _ in range(200):
        compile_trigger(TRIGGER)
    print(f"compiling it: {(time.process_time() - began) / 200 * 1e6:,.0f} µs")


main()
