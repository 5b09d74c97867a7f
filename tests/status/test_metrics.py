"""The metrics: what was counted, and what the worker is at, as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

from batcher.accounting.metric_definitions import LATENCY
from batcher.accounting.verdicts import Verdict
from batcher.status.metrics import Metrics
from batcher.status.snapshot import WorkerSnapshot
from tests.status.snapshots import failure, snapshot

Sample = tuple[str, frozenset[tuple[str, str]]]


def scraped(metrics: Metrics, now: WorkerSnapshot) -> dict[Sample, float]:
    """Every sample by name and labels."""
    text = metrics.exposition(now).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> Sample:
    return f"batcher_{name}", frozenset(labels.items())


LANE = {"target": "prod", "operation": "UpdateEventTrigger"}


def test_what_was_counted_is_there_and_what_did_not_happen_yet_is_zero() -> None:
    metrics = Metrics()
    for verdict, seconds in (
        (Verdict.ACCEPTED, 0.02),
        (Verdict.THROTTLED, 0.004),
        (Verdict.LOST, 30.0),
        (Verdict.UNSENT, 5),
    ):
        metrics.attempted("prod", "UpdateEventTrigger", verdict, seconds)
    metrics.settled(failure())
    found = scraped(metrics, snapshot())
    outcomes = {
        verdict: found[key("attempts_total", outcome=verdict.value, **LANE)] for verdict in Verdict
    }
    once = {Verdict.ACCEPTED, Verdict.THROTTLED, Verdict.LOST, Verdict.UNSENT}
    assert outcomes == {verdict: float(verdict in once) for verdict in Verdict}
    assert found[key("updates_total", target="prod", status="failed")] == 1
    assert found[key("updates_total", target="prod", status="in_doubt")] == 0
    buckets = [found[key("attempt_seconds_bucket", le=str(le), **LANE)] for le in LATENCY]
    assert buckets == [1, 1] + [2] * 9 + [3]  # 4 ms, 20 ms, 30 s; what never left has no latency
    assert found[key("attempt_seconds_sum", **LANE)] == 30.024


def test_gauges_say_what_the_worker_says_at_that_moment() -> None:
    metrics = Metrics()
    found = scraped(metrics, snapshot())
    assert found[key("rate_per_second", **LANE)] == 48.5
    assert found[key("quota_per_second", **LANE)] == 50
    assert found[key("token_wait_seconds_total", **LANE)] == 12.25
    assert (found[key("in_flight_requests", **LANE)], found[key("waiting_updates", **LANE)]) == (
        3,
        7,
    )
    assert [found[key("queue_messages", state=state)] for state in ("waiting", "held", "dead")] == [
        1234,
        5,
        2,
    ]
    assert found[key("queue_oldest_message_age_seconds")] == 61.5
    assert found[key("results_files_waiting")] == 4
    assert (found[key("ready")], found[key("alive")]) == (1, 1)
    assert found[key("heartbeat_timestamp_seconds")] == 1767225600.5
    # not known is not 0
    assert key("rate_per_second", target="prod", operation="GetEventTrigger") not in found

    away = scraped(
        metrics, snapshot(ready=False, depth=None, heartbeat_at=None, files_waiting=None)
    )
    assert away[key("ready")] == 0
    assert not [
        name
        for name, _ in away
        if name.startswith(("batcher_queue", "batcher_heartbeat", "batcher_results"))
    ]


def test_labels_are_few_and_two_workers_in_one_process_do_not_share_numbers() -> None:
    one, other = Metrics(), Metrics()
    one.settled(failure())
    found = scraped(one, snapshot())
    assert not [name for name, _ in found if name.endswith("_created")]
    assert {label for _, labels in found for label, _ in labels} == {
        "target",
        "operation",
        "status",
        "outcome",
        "state",
        "le",
    }
    assert scraped(other, snapshot())[key("updates_total", target="prod", status="failed")] == 0
