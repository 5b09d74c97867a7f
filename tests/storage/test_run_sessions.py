"""Which sessions of a run are kept."""

from typing import Any

from batcher.storage.run_sessions import RunSession, all_sessions


def session(name: str, **more: Any) -> RunSession:
    return RunSession(**{"session": name, "started_at": name, "who": {"eu": "arn:a"}, **more})


def test_a_session_is_kept_when_it_differs_from_the_one_before_in_more_than_its_time() -> None:
    first = session("1")
    known = all_sessions([], [first])
    assert all_sessions(known, []) == known
    assert all_sessions(known, [session("2")]) == [first]
    for other in ({"who": {"eu": "arn:b"}}, {"reason": "r"}, {"labels": {"k": "v"}}):
        assert all_sessions(known, [session("2", **other)]) == [first, session("2", **other)]


def test_what_is_learnt_of_a_session_later_is_put_in_its_place() -> None:
    known = all_sessions([session("0", reason="r"), session("1", who={"eu": None})], [])
    later = session("1", started_at="later")
    assert all_sessions(known, [later]) == [session("0", reason="r"), session("1")]
