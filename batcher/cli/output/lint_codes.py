"""What a code of lint means, for people."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from batcher.cli.output.echo import echo
from batcher.triggers.lint.codes import LINT_CODES, find_code
from batcher.triggers.lint.finding import LintCode

COLUMNS = 80


def explain_code(name: str | None, *, as_json: bool) -> None:
    """Say what the code of that name means; None: list all. As JSON on standard output."""
    code = None if name is None else find_code(name)
    codes = list(LINT_CODES.values()) if code is None else [code]
    if as_json:
        echo(msgspec.json.encode({"codes": codes}))
        return
    for line in code_list(codes) if code is None else code_lines(code):
        echo(line, err=True)


def code_lines(code: LintCode) -> Iterator[str]:
    """All that is known of a code; lines of text of at most 80 columns, and lines of JSON."""
    yield f"{code.code} {code.name} ({code.severity})"
    yield from _paragraph(f"{code.title}. {code.reason}")
    yield from _paragraph(f"Instead: {code.instead}")
    yield from _example("For example:", code.example)
    yield from _example("Mended:", code.mended)


def code_list(codes: Iterable[LintCode]) -> Iterator[str]:
    """A line of each code."""
    for code in codes:
        yield f"{code.code}  {code.severity:<7}  {code.name}: {code.title}"


def _paragraph(text: str) -> Iterator[str]:
    yield ""
    yield from textwrap.wrap(text, COLUMNS, break_long_words=False, break_on_hyphens=False)


def _example(title: str, lines: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    written = [f"  {json.dumps(line, ensure_ascii=False)}" for line in lines]
    if written:
        yield ""
        yield title
        yield from written
