"""Which worker has a file: a lock, then a move."""

from pathlib import Path

from batcher.queues.spool_claims import SpoolClaims


def test_a_file_is_one_workers_until_he_lets_go_and_its_lock_goes_with_it(tmp_path: Path) -> None:
    claimed, done = tmp_path / "claimed", tmp_path / "done"
    claimed.mkdir()
    done.mkdir()
    one, two = (SpoolClaims(claimed, done, tmp_path / "failed") for _ in range(2))
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    claim = one.take(tmp_path / "a.jsonl", "a.jsonl")
    assert claim is not None
    assert (list(one), two.take(claim.path, "a.jsonl")) == (["a.jsonl"], None)
    one.release(claim)
    resumed = two.take(claim.path, "a.jsonl")
    assert resumed is not None
    assert (resumed.resumed, resumed.stamp) == (True, claim.stamp)
    resumed.path.unlink()
    two.end(resumed)
    assert list(claimed.iterdir()) == []


def test_a_file_is_claimed_under_the_name_that_it_is_given(tmp_path: Path) -> None:
    for folder in ("claimed", "done"):
        (tmp_path / folder).mkdir()
    (tmp_path / "long.jsonl").write_bytes(b"{}\n")
    claims = SpoolClaims(*(tmp_path / each for each in ("claimed", "done", "failed")))
    claim = claims.take(tmp_path / "long.jsonl", "l.jsonl")
    assert claim is not None
    assert (claim.path.name, claim.run.name) == ("l.jsonl", "l.run")
