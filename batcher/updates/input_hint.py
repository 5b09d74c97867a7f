"""What an input is, where it is not one JSON object a line: told before its lines are blamed.

Decided from the first bytes alone, which are never quoted, nor are names that the input made up.
"""

import re
from collections.abc import Callable, Iterator

from batcher.updates.foreign_hint import yaml_hint
from batcher.updates.hint import Hint, mends
from batcher.updates.json_hint import json_hint
from batcher.updates.packed_data import PACKED, UNPACKED_BY, packed_as
from batcher.updates.update_model import UpdateModel

LOOKED_AT = 1 << 16  # bytes
LOOK = "Look at how it was made."
# how a text of wide characters begins, and its encoding
WIDE_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)

_CSV = "batcher compose - --from csv"
_YAML = (
    "python3 -c 'import json, sys, yaml; [print(json.dumps(each, default=str)) for page in"
    " yaml.safe_load_all(sys.stdin) for each in (page if isinstance(page, list) else [page])]'"
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # without the escape of colours
_PYTHON = (
    "python3 -c 'import ast, json, sys; [print(json.dumps(ast.literal_eval(line))) for line in"
    " sys.stdin if line.strip()]'"
)


def hint_of(head: bytes, model: UpdateModel) -> Hint | None:
    """What an input is whose first bytes, unpacked, are ``head``.

    None: JSON Lines, whose faults are those of single lines.
    """
    for look in (_packed, _wide_characters, _not_utf8):
        if (hint := look(head)) is not None:
            return hint
    text = _text(head)
    if (hint := json_hint(text, model)) is not None:
        return hint
    return next((hint for look in _TEXTS if (hint := look(text, model)) is not None), None)


def _packed(head: bytes) -> Hint | None:
    kind = packed_as(head)
    if kind is None:
        return None
    return Hint(what=kind.what, filter=kind.filter, advice=kind.advice)


def _wide_characters(head: bytes) -> Hint | None:
    """UTF-16 and UTF-32, by their mark, or by the zero bytes that they have beside ASCII."""
    for mark, name in WIDE_MARKS:
        if head.startswith(mark):
            return _in_encoding(name)
    few = head[:1024]
    if not (zeros := few.count(0)):
        return None
    by_place = [few[place::4].count(0) for place in range(4)]
    if 10 * zeros >= 7 * len(few) and 10 * min(by_place) < max(by_place):  # three of four
        return _in_encoding("UTF-32LE" if by_place[0] < by_place[3] else "UTF-32BE")
    even, odd = by_place[0] + by_place[2], by_place[1] + by_place[3]
    if 10 * zeros >= 4 * len(few) and min(even, odd) * 10 < max(even, odd):
        return _in_encoding("UTF-16LE" if odd > even else "UTF-16BE")
    return Hint(what="no text at all (it has zero bytes)", advice=LOOK)


def _in_encoding(name: str) -> Hint:
    return Hint(what=f"text in {name}", filter=f"iconv -f {name} -t UTF-8")


def _not_utf8(head: bytes) -> Hint | None:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end >= len(head) - 3 and len(head) >= LOOKED_AT:  # cut within a character
            return None
        if not _may_be_text(head):
            return Hint(what="no text at all (it has control characters)", advice=LOOK)
        return Hint(
            what="text that is not UTF-8, most likely Windows-1252",
            filter="iconv -f WINDOWS-1252 -t UTF-8",
        )
    return None


def _may_be_text(head: bytes) -> bool:
    """False where bytes are there that no encoding of one byte a character has in a text."""
    return not _CONTROLS.search(head)


def _text(head: bytes) -> str:
    return head.decode("utf-8", "ignore").lstrip("\N{BYTE ORDER MARK} \t\r\n")


def _markup(text: str, _: UpdateModel) -> Hint | None:
    if not text.startswith("<"):
        return None
    is_html = re.match(r"<(?:!doctype\s+html|html|head|body)\b", text, re.IGNORECASE)
    return Hint(
        what="an HTML page" if is_html else "XML",
        advice="It may be an error that was saved instead of the file: look into it, get it anew.",
    )


def _pointer(text: str, _: UpdateModel) -> Hint | None:
    if not text.startswith("version https://git-lfs.github.com/"):
        return None
    return Hint(what="the pointer of a file in Git LFS", advice="To get the file: git lfs pull")


def _with_comments(text: str, _: UpdateModel) -> Hint | None:
    if not re.match(r"(?:\s*(?:#|//)[^\n]*\n)+\s*\{", text):
        return None
    return Hint(what="JSON with comments", filter=r"grep -vE '^[[:space:]]*(#|//)'")


def _python(text: str, _: UpdateModel) -> Hint | None:
    if not re.match(r"\{\s*'\w+'\s*:", text):
        return None
    return Hint(what="Python's way of writing dicts", filter=_PYTHON)


def _yaml(text: str, _: UpdateModel) -> Hint | None:
    first = _first_lines(text)
    if not first or not re.match(r"---|(?:- )?[A-Za-z_]\w*:(?: |$)|-$", first[0]):
        return None
    if (template := yaml_hint(text)) is not None:
        return template
    advice = "The command needs PyYAML (pip install pyyaml)."
    return Hint(what="YAML", filter=_YAML, advice=advice)


def _csv(text: str, model: UpdateModel) -> Hint | None:
    header, *rows = _first_lines(text)[:3] or [""]
    known = {name.lower() for name in model.schema["properties"]}
    for separator in (",", ";", "\t"):
        names = [name.strip().strip('"').lower() for name in header.split(separator)]
        even = all(row.count(separator) >= len(names) - 1 for row in rows)
        even = even and bool(rows) and all(re.fullmatch(r"\w+", name) for name in names)
        if len(names) > 1 and (known.intersection(names) or even) and header[:1] not in "{[":
            named = {"domainname", "eventtriggername"} <= set(names)
            return Hint(
                what="CSV" if separator == "," else "CSV with another separator than a comma",
                filter=_CSV,
                advice="" if named else _COLUMNS,
            )
    return None


_COLUMNS = (
    "Call its columns as the members of an update are called first, two of them DomainName and"
    " EventTriggerName (batcher schema lists all)."
)


def _first_lines(text: str) -> list[str]:
    """The lines that are neither blank nor comments, without blanks at their ends."""
    return list(_lines_but_comments(text.splitlines()[:50]))


def _lines_but_comments(lines: list[str]) -> Iterator[str]:
    return (line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


_TEXTS: tuple[Callable[[str, UpdateModel], Hint | None], ...] = (
    _markup,
    _pointer,
    _with_comments,
    _python,
    _yaml,
    _csv,
)


def wrong_suffix(origin: str, suffix: str, head: bytes) -> str | None:
    """What is wrong with a packed file's name, in words, by its first bytes as they are stored.

    ``suffix``: with its dot. None where they are what it says, or there are none.
    """
    own, kind = PACKED[UNPACKED_BY[suffix[1:]]], packed_as(head)
    if not head or kind == own:
        return None
    is_wide = any(head.startswith(mark) for mark, _ in WIDE_MARKS)
    if kind is None and not is_wide and not _may_be_text(head):
        return f"{origin}: its name says {own.what}, and it is neither that nor text. {LOOK}"
    is_it = f"it is {kind.what}" if kind else "it is not packed at all"
    filter = kind.filter if kind else "cat"
    said = f"{origin}: its name says {own.what}, and {is_it}."
    if filter is None:
        return f"{said} {kind.advice if kind else ''}".rstrip()
    return f"{said} {mends(origin, filter, as_stored=True)}"
