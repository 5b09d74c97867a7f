"""The journals of a run are read with the heads that they have, also in the middle of a rewrite."""

from pathlib import Path

import pytest

from batcher.errors import DamageError
from batcher.storage.hash_chain import EMPTY, ChainTip, Head
from batcher.storage.run_journals import Heads, RunJournals


def write(path: Path, *texts: str) -> Head:
    tip = ChainTip()
    for text in texts:
        tip.extend(tip.seal(b'{"text":"%s"}' % text.encode()))
    tip = ChainTip()
    content = b"".join(tip.seal(b'{"text":"%s"}' % text.encode()) for text in texts)
    path.write_bytes(content)
    tip.extend(content)
    return tip.head()


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "results.jsonl", tmp_path / "before.jsonl"


def test_each_journal_has_its_own_head(paths: tuple[Path, Path]) -> None:
    heads = Heads(results=write(paths[0], "a", "b"), before=write(paths[1], "c"))
    journals = RunJournals(*paths, heads)
    assert (len(list(journals.results.lines())), len(list(journals.before.lines()))) == (2, 1)
    assert (journals.heads(), journals.unproven()) == (heads, 0)
    with pytest.raises(DamageError):
        RunJournals(*paths, Heads(results=heads.before, before=heads.before)).heads()


@pytest.mark.parametrize("at", ["neither", "results", "both"])
def test_in_the_middle_of_a_rewrite_each_may_be_the_old_or_the_new_one(
    paths: tuple[Path, Path], at: str
) -> None:
    then = Heads(results=write(paths[0], "a", "x"), before=write(paths[1], "c", "y"))
    now = Heads(results=write(paths[0], "a", "b"), before=write(paths[1], "c"))
    if at != "neither":
        write(paths[0], "a", "x")
    if at == "both":
        write(paths[1], "c", "y")
    journals = RunJournals(*paths, Heads(results=now.results, before=now.before, next=then))
    found = [line for _, line in journals.results.lines()][-1], journals.before.tip().lines
    assert found[0].startswith(b'{"text":"b"' if at == "neither" else b'{"text":"x"')
    assert found[1] == (2 if at == "both" else 1)
    assert journals.heads().next is None
    write(paths[0], "q")
    with pytest.raises(DamageError):
        RunJournals(*paths, Heads(results=now.results, before=now.before, next=then)).heads()


def test_of_an_old_run_all_results_are_unproven(paths: tuple[Path, Path]) -> None:
    paths[0].write_bytes(b'{"a":1}\n{"a":2}\n')
    journals = RunJournals(*paths, None)
    assert (journals.known, journals.unproven()) == (None, 2)
    heads = journals.heads()
    assert (heads.results.lines, heads.before, heads.unproven) == (2, EMPTY, 2)
    assert RunJournals(*paths, heads).heads() == heads
    assert repr(journals).startswith("<RunJournals <JournalReader ")
