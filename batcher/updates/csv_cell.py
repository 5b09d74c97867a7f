"""One cell of a CSV file: the value that it stands for, and the text that stands for a value.

A cell is a value by the type of its member, as on the command line, without the blanks around it.
What a spreadsheet may have made of a value is refused, and a text that one could change, or take
for a formula, is written as a JSON text (``"…"`` within the cell), which none does.
"""

import json
import re
from typing import Any

from batcher.updates.given_value import ValueTextError, is_shortened, value_of
from batcher.updates.json_schema import Schema
from batcher.updates.json_syntax import encodable
from batcher.updates.member_path import ABSENT

BLANKS = " \t\r\n\f\v\N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NO-BREAK SPACE}"
FORMULA = "=+-@\t\r"  # what a formula may begin with

_CURLY = (
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}"
)
_AS_JSON = 'to mean the text itself, write it as a JSON text in the cell, "…"'
_ERROR = re.compile(r"#(?:REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mrz|mai|okt|dez)[a-z]{0,6}"
_MADE_DATE = re.compile(rf"\d{{1,2}}(?:-|\. ?){_MONTH}|{_MONTH}-\d{{2}}", re.IGNORECASE)
_MADE_OTHERWISE = re.compile(r"TRUE|FALSE|WAHR|FALSCH|VRAI|FAUX|[1-9][0-9]{14}0+")
_COULD_BE_DATE = re.compile(
    rf"\d{{1,4}}[-./ ]*{_MONTH}[-./ ]*\d{{0,4}}|{_MONTH}[-./ ]*\d{{1,4}}", re.IGNORECASE
)
_COULD_BE_NUMBER = re.compile(
    r"[-+.,:/%$€£()\sEe\d]*\d[-+.,:/%$€£()\sEe\d]*|true|false", re.IGNORECASE
)


def cell_value(cell: str, rule: Schema) -> Any:
    """The value of a cell, ABSENT for an empty one. ``rule``: of its member, dereferenced.

    Raises ValueTextError, whose message quotes nothing.
    """
    text = cell.strip(BLANKS)
    if not text:
        return ABSENT
    if not encodable(text):
        raise ValueTextError("holds bytes that are no UTF-8; save the file as CSV UTF-8")
    if _ERROR.fullmatch(text):
        raise ValueTextError("is an error of a spreadsheet's formula")
    if rule.get("type") == "string" and not text.startswith('"'):
        _refuse_changed(text)
    try:
        return value_of(text, rule)
    except ValueTextError:
        if set(_CURLY) & set(text) and rule.get("type") != "string":
            raise ValueTextError("has typographic quotes; those of JSON are straight") from None
        raise


def cell_of(value: Any, rule: Schema) -> str:
    """The text that stands for a value, of which ``cell_value`` makes the value again."""
    if value is ABSENT:
        return ""
    if isinstance(value, str) and rule.get("type") == "string":
        return value if _is_kept(value, rule) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse_changed(text: str) -> None:
    """Refuse a text that is most likely not what somebody has written."""
    if text.startswith("="):
        raise ValueTextError(f"begins with =, as a formula does; {_AS_JSON}")
    if text[0] in _CURLY and text[-1] in _CURLY:
        raise ValueTextError(f"stands in typographic quotes; {_AS_JSON}")
    if is_shortened(text):
        raise ValueTextError(f"is a number that a spreadsheet has shortened; {_AS_JSON}")
    if _MADE_DATE.fullmatch(text):
        raise ValueTextError(f"is a date that a spreadsheet may have made; {_AS_JSON}")
    if _MADE_OTHERWISE.fullmatch(text):
        raise ValueTextError(f"is a value that a spreadsheet may have changed; {_AS_JSON}")
    if "\N{NO-BREAK SPACE}" in text:
        raise ValueTextError(f"has a blank in it that does not break; {_AS_JSON}")


def _is_kept(text: str, rule: Schema) -> bool:
    """Whether a text comes back as it is, also when a spreadsheet has had it."""
    if text.startswith(tuple(FORMULA)) or _COULD_BE_NUMBER.fullmatch(text):
        return False
    if _COULD_BE_DATE.fullmatch(text) or "\r" in text:
        return False
    try:
        return bool(cell_value(text, rule) == text)
    except ValueTextError:
        return False
