"""docs/promises.md, the ledger: each promise has a test that attacks it, or is listed as open."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

LEDGER = Path("docs/promises.md")
PAGES = [Path("README.md"), *(p for p in sorted(Path("docs").glob("*.md")) if p != LEDGER)]
PROMISING = re.compile(
    r"\b(never|always|ever|exactly|every|none|nothing|refuse[sd]?|guarantee\w*|loses|harmless|safe"
    r"|resumes|0[67]00|exit codes?|exits|hidden|redacted|sensitive|unique|at most|at once|in order"
    r"|all or none|left alone)\b",
    re.I,
)
REPEATED = (
    r"^<!-- (codes|commands|events) -->.*?^<!-- end of \1 -->"  # what the code says elsewhere
)
OPEN, NONE = "Not attacked yet", "No promises"
GONE = "the page does not have these phrases of docs/promises.md; was it reworded?"
TOLD = "no row of docs/promises.md has a phrase of these; add one, with the test that attacks it"


def _plain(text: str) -> str:
    """Words alone: without links, quotes of code, emphasis and line ends."""
    return " ".join(re.sub(r"[`*]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)).split())


def _is_measured(row: str) -> bool:
    cells = row.strip("| ").split("|")
    return row.startswith("|") and 2 * sum(bool(re.match(r"\W*\d", c)) for c in cells) > len(cells)


@cache
def _sentences(page: Path) -> list[tuple[str, str]]:
    """Each sentence of a page with the heading above it; examples and figures are left out."""
    text = re.sub(r"^( *)```.*?^\1```", "", page.read_text(), flags=re.M | re.S)
    text = re.sub(REPEATED, "", text, flags=re.M | re.S)
    text = re.sub(r"^<!-- .*? -->$", "", text, flags=re.M | re.S)
    heading, found = "", []
    for block in re.split(r"\n\s*\n|\n(?=\||- |\d+\. |#)", text):
        if block.startswith("#"):
            heading = block.lstrip("# ").strip()
        elif not _is_measured(block):
            parts = re.split(r"(?<=[.?!]) (?=[^a-z])|(?<=;) ", _plain(block))
            found += [(heading, part) for part in parts]
    return found


@cache
def _rows() -> list[tuple[str, str, str]]:
    """The section, the phrase and the second cell of each row of the ledger."""
    section, found = "", []
    for line in LEDGER.read_text().splitlines():
        if line.startswith("## "):
            section = line.lstrip("# ")
        elif line.startswith("| ") and not line.startswith("| phrase"):
            phrase, _, rest = line.strip("| ").partition(" | ")
            found.append((section, phrase.replace("\\|", "|"), rest))
    return found


def _phrases(page: Path) -> set[str]:
    return {
        phrase
        for section, phrase, rest in _rows()
        if section == str(page) or (section in (OPEN, NONE) and rest.split(" | ")[0] == str(page))
    }


def _tests() -> set[str]:
    return {name for *_, rest in _rows() for name in re.findall(r"`([\w/.]+::\w+)`", rest)}


@cache
def _defined(path: Path) -> set[str]:
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_each_sentence_that_sounds_like_a_promise_is_in_the_ledger(page: Path) -> None:
    phrases = _phrases(page)
    missing = [
        sentence
        for heading, sentence in _sentences(page)
        if PROMISING.search(sentence)
        and f"§ {heading}" not in phrases
        and not any(phrase in sentence or sentence.strip("| ") in phrase for phrase in phrases)
    ]
    assert not missing, "\n".join([TOLD, *missing])


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_what_the_ledger_quotes_is_on_its_page(page: Path) -> None:
    headings = {f"§ {heading}" for heading, _ in _sentences(page)}
    text = " ".join(sentence for _, sentence in _sentences(page))
    gone = {phrase for phrase in _phrases(page) - headings if phrase not in text}
    assert not gone, "\n".join([GONE, *gone])


def test_each_test_that_the_ledger_names_is_there() -> None:
    named = {test: test.partition("::") for test in _tests()}
    assert {
        test for test, (path, _, name) in named.items() if name not in _defined(Path("tests", path))
    } == set()


def test_each_row_names_a_test_or_says_why_there_is_none() -> None:
    pages = {str(page) for page in PAGES}
    for section, phrase, rest in _rows():
        page, _, why = rest.partition(" | ") if section in (OPEN, NONE) else (section, "", rest)
        assert page in pages, phrase
        assert section == NONE or (why if section == OPEN else "::" in why), phrase


def test_no_row_is_there_twice() -> None:
    keys = [(section, phrase, rest.split(" | ")[0]) for section, phrase, rest in _rows()]
    promised = [key[:2] for key in keys if key[0] not in (OPEN, NONE)]
    assert len(set(keys)) == len(keys)
    assert len(set(promised)) == len(promised)


def test_a_page_is_covered_by_rows_of_its_own() -> None:
    sections = {section for section, *_ in _rows()}
    assert {str(page) for page in PAGES} - sections - {row[2] for row in _rows()} == set()
