"""What all rows of a CSV file have in common: one JSON object with members of an update."""

import json
from pathlib import Path
from typing import Any

from batcher.errors import InputError
from batcher.sources.input_file import BOM
from batcher.sources.read_errors import reason
from batcher.updates.json_syntax import text_violations
from batcher.updates.line_reader import LINE_AT_MOST
from batcher.updates.update_model import UpdateModel

NAMES = {"DomainName": "any", "EventTriggerName": "any"}  # a template needs neither


def read_template(given: str, model: UpdateModel) -> dict[str, Any]:
    """The members in a JSON object, or in the file of that name, which holds one.

    Raises InputError, also where a member breaks a rule of the model.
    """
    is_text = is_json_text(given)
    where = "--template" if is_text else given
    raw = given.encode(errors="surrogateescape") if is_text else _content(given)
    if violations := text_violations(raw, model.constants):
        raise InputError(f"{where}: {violations[0]}.")
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise InputError(f"{where}: has to be one JSON object with members of an update.")
    if violations := model.check(NAMES | found):
        raise InputError(f"{where}: {violations[0]}.")
    return found


def is_json_text(given: str) -> bool:
    """Whether that is a template itself, and not the name of a file with one."""
    return given.lstrip().startswith("{")


def _content(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(LINE_AT_MOST + 1)
    except OSError as error:
        raise InputError(f"{name}: {reason(error)}") from error
    if len(raw) > LINE_AT_MOST:
        raise InputError(f"{name}: longer than {LINE_AT_MOST:,} bytes; a template is one object.")
    return raw.removeprefix(BOM)
