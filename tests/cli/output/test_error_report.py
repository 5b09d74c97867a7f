"""What is said of an error: its words, its code, what to do next, and how the command ends."""

import errno
import os
import re
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher import error_codes
from batcher.aws.endpoint_probe import UntrustedError
from batcher.cli.output.error_report import (
    IMPERATIVES,
    exit_code_of,
    next_step,
    report_of,
    with_next,
)
from batcher.errors import AwsError, BatcherError, InputError, WrongAccountError, YourError
from batcher.updates.foreign_document import OtherToolError

ABSTRACT = (BatcherError, YourError)
CODE = re.compile(r"(?:[A-Z][a-z0-9]+)+")


def all_errors(root: type[BatcherError] = BatcherError) -> set[type[BatcherError]]:
    """Every class of error that batcher has; the modules with some of their own are imported."""
    below = (all_errors(each) for each in root.__subclasses__() if each.__module__[:5] != "tests")
    return {root}.union(*below) - set(ABSTRACT)


def made(kind: type[BatcherError]) -> BatcherError:
    error = kind.__new__(kind)
    Exception.__init__(error, "what is wrong")
    return error


OTHERS = [
    click.UsageError("no such flag"),
    FileNotFoundError(errno.ENOENT, "No such file", "u.jsonl"),
    PermissionError(errno.EACCES, "Permission denied", "u.jsonl"),
    OSError(errno.ENOSPC, "No space left"),
    OSError(errno.EIO, "Input/output error"),
    OSError("odd"),
    MemoryError(),
    RuntimeError("can't start new thread"),
    ZeroDivisionError("SECRET"),
    KeyboardInterrupt(),
    click.Abort(),
]


def test_every_error_has_a_code_of_its_own() -> None:
    without = [each.__name__ for each in all_errors() if "code" not in vars(each)]
    assert without == []
    codes = [each.code for each in all_errors()]
    assert len(codes) == len(set(codes))
    assert all(map(CODE.fullmatch, codes))
    assert {WrongAccountError, UntrustedError, OtherToolError} <= all_errors()


@pytest.mark.parametrize(
    "error", [*map(made, sorted(all_errors(), key=str)), *OTHERS], ids=lambda each: repr(each)[:40]
)
def test_every_error_ends_with_what_to_do(error: BaseException) -> None:
    report = report_of(error)
    assert report.next[:1].isupper()
    assert report.next.endswith(".")
    assert next_step(report.next) == report.next
    assert report.error.endswith(report.next) or report.code == error_codes.INTERRUPTED
    assert "SECRET" not in str(report)
    assert report.exit_code in (2, 4, 5, 70)
    assert report.as_json() == {"error": report.error, "code": report.code, "next": report.next}


def test_the_table_in_the_reference_is_what_the_code_says() -> None:
    reports = [report_of(error) for error in [*map(made, all_errors()), *OTHERS]]
    wanted = {(each.code, each.exit_code) for each in reports}
    text = Path("docs/reference.md").read_text().partition("\n## Errors\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([\d, ]+) \| \S.* \|$", text, re.MULTILINE)
    told = [(code, int(number)) for code, numbers in rows for number in numbers.split(",")]
    assert sorted(told) == sorted(wanted)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("u.jsonl: is there already. Give another name.", "Give another name."),
        ("u: belongs to another run: x. Put that back, or give --out.", None),
        ("It says where they are: restore it, or give --repair.", "Restore it, or give --repair."),
        ("hook x: no. Once the hook agrees, run the same command again.", None),
        ("--out x: that is read by this; give another name.", "Give another name."),
        ("u.run: run.json is odd", ""),
        ("take: nothing", ""),
        ("", ""),
    ],
)
def test_what_a_text_says_to_do_is_told_apart(text: str, step: str | None) -> None:
    found = next_step(text)
    assert (found or "") == (text.partition(". ")[2] if step is None else step)


@given(st.text(), st.sampled_from(IMPERATIVES))
def test_no_text_is_lost_and_none_is_without_a_step(text: str, verb: str) -> None:
    said, step = with_next(text, f"{verb.title()} it.")
    assert said.startswith(text)
    assert said[-len(step) :].lower() == step.lower() or step[1:] in said
    assert step


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no x. Did you mean y?", "no x. Did you mean y? Put that right."),
        ("no x", "no x. Put that right."),
    ],
)
def test_a_sentence_that_has_ended_gets_no_full_stop(text: str, said: str) -> None:
    assert with_next(text, "Put that right.") == (said, "Put that right.")


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.EMFILE, 5), (errno.ENOMEM, 5), (errno.ENOSPC, 5), (errno.ENOENT, 2), (errno.EACCES, 2)],
)
def test_an_input_that_this_host_can_not_read_now_is_no_wrong_input(number: int, code: int) -> None:
    with pytest.raises(InputError) as told:
        raise InputError("u.jsonl: can't be read") from OSError(number, os.strerror(number))
    assert exit_code_of(told.value) == report_of(told.value).exit_code == code
    assert report_of(told.value).code == ("HostLimit" if code == 5 else "InputInvalid")


def test_where_the_current_directory_is_gone_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory")
    assert "current directory" not in report_of(error).error
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    found = report_of(error)
    assert found.error.startswith("the current directory: is gone,")
    assert (found.code, found.next[:10], found.exit_code) == ("FileMissing", "Change to ", 5)


def test_an_error_in_a_group_is_the_one_that_is_told() -> None:
    report = report_of(ExceptionGroup("", [ExceptionGroup("", [AwsError("no answer")])]))
    assert (report.code, report.exit_code) == (AwsError.code, 5)
    assert report.error.startswith("no answer. ")
