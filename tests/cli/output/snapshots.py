"""Where a run may stand: a usual moment, and any at all."""

from unicodedata import category

from hypothesis import strategies as st

from batcher.jobs.progress_snapshot import AwayTarget, ProgressSnapshot, TargetProgress

STEERING = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # categories of what is no text


def steers(line: str) -> bool:
    """Whether something in a line is more to a terminal than letters."""
    return any(category(each) in STEERING for each in line)


NAMES = st.text(min_size=1, max_size=40) | st.sampled_from(
    [
        "default",
        "\x1b[2J\x1b]0;gone\x07",
        "注文処理注文処理注文処理注文処理注文処理",
        "a\nb",
        "\u202eprod",
    ]
)
COUNTS = st.integers(0, 10**9)
RATES = st.none() | st.floats(1e-6, 1e6)
SECONDS = st.none() | st.floats(0, 1e9)
BASES = st.sampled_from([None, "estimate", "remembered", "guess"])
PACES = st.sampled_from([None, "quota", "search", "limit", "reading", "measured"])
ERRORS = st.dictionaries(NAMES, st.integers(1, 10**6), max_size=5)

TARGETS = st.builds(
    TargetProgress,
    target=NAMES,
    done=COUNTS,
    total=COUNTS,
    failed=COUNTS,
    throttled=COUNTS,
    rate=st.floats(0, 1e6),
    results=st.floats(0, 1e6),
    in_flight=COUNTS,
    waiting=COUNTS,
    quota=RATES,
    quota_basis=BASES,
    pace=RATES,
    pace_basis=PACES,
    seconds_left=SECONDS,
    errors=ERRORS,
    away=st.none() | st.builds(AwayTarget, seconds=st.floats(0, 1e9), code=NAMES),
    stopped=st.none() | NAMES,
)
SNAPSHOTS = st.builds(
    ProgressSnapshot,
    done=COUNTS,
    total=COUNTS,
    failed=COUNTS,
    throttled=COUNTS,
    rate=st.floats(0, 1e6),
    results=st.floats(0, 1e6),
    sent=st.booleans(),
    paused=st.none() | NAMES,
    away=st.none() | NAMES,
    wave=st.sampled_from(["", "wave 2/4"]),
    waits_for=st.sampled_from([None, "soak until 23:10:05", "question"]),
    in_flight=COUNTS,
    waiting=COUNTS,
    quota=RATES,
    quota_basis=BASES,
    pace=RATES,
    pace_basis=PACES,
    seconds_left=SECONDS,
    soak_seconds=st.floats(0, 1e6),
    questions=st.booleans(),
    errors=ERRORS,
    seconds=st.floats(0, 1e9),
    targets=st.lists(TARGETS, max_size=3).map(tuple),
    more_targets=st.integers(0, 1000),
)


def target(name: str, **more: object) -> TargetProgress:
    """A target half way."""
    given = {
        "target": name,
        "done": 50,
        "total": 100,
        "failed": 0,
        "throttled": 3,
        "rate": 5.0,
        "results": 5.0,
        "quota": 5.1,
        "quota_basis": "estimate",
        "seconds_left": 10.0,
    }
    return TargetProgress(**(given | more))


def snapshot(**more: object) -> ProgressSnapshot:
    """A run half way."""
    given = {
        "done": 4800,
        "total": 9600,
        "failed": 12,
        "throttled": 345,
        "rate": 5.0,
        "results": 5.0,
        "sent": True,
        "in_flight": 7,
        "waiting": 25,
        "quota": 5.08,
        "quota_basis": "estimate",
        "pace": 5.08,
        "pace_basis": "quota",
        "seconds_left": 945.0,
        "errors": {"ResourceNotFoundException": 10, "BadRequestException": 2},
    }
    return ProgressSnapshot(**(given | more))
