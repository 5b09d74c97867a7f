"""What flags say that other modules define: ``make reference`` writes it into a module of its own.

So that a help text needs none of those, which import much.
"""

import subprocess
import sys
from pathlib import Path
from pprint import pformat
from typing import Any, get_args

from batcher.cli.lint import Format
from batcher.cli.output.plan_report import Form
from batcher.config import OF_LINT, OF_PLACE, OF_READING, Option, options
from batcher.control.messages import Command
from batcher.jobs.current_triggers import LIVE
from batcher.jobs.definition_kinds import KINDS
from batcher.jobs.history import LIMIT
from batcher.jobs.iam_policies import Door
from batcher.jobs.rehearsal_settings import KEPT, KEPT_OF_TARGET
from batcher.jobs.report_writing import ReportFormat
from batcher.jobs.simulate import TOP
from batcher.triggers.semantics.firing_options import FIRING_UNKNOWNS
from batcher.triggers.semantics.options import UNKNOWNS, Unknown

MODULE = Path("batcher/cli/flags/known_values.py")

HEAD = '''\
"""What flags say that heavier modules define. Made by ``make reference``; a test holds it equal.

Each value is written where it belongs, and changed there.
"""

'''


def flag_values() -> dict[str, Any]:
    """The values by their names in the module."""
    return {
        "SETTINGS": tuple(map(_setting, options())),
        "OF_PLACE": _names(OF_PLACE),
        "OF_READING": _names(OF_READING),
        "OF_LINT": _names(OF_LINT),
        "OF_REHEARSAL": _names({*KEPT, *KEPT_OF_TARGET}),
        "UNKNOWNS": tuple(map(_unknown, UNKNOWNS)),
        "FIRING_UNKNOWNS": tuple(map(_unknown, FIRING_UNKNOWNS)),
        "CONTROL_COMMANDS": get_args(Command),
        "DEFINITION_KINDS": tuple(KINDS),
        "DOORS": get_args(Door),
        "LINT_FORMATS": get_args(Format),
        "PLAN_FORMATS": get_args(Form),
        "REPORT_FORMATS": get_args(ReportFormat),
        "LIVE": LIVE,
        "HISTORY_LIMIT": LIMIT,
        "SIMULATION_TOP": TOP,
    }


def module_text() -> str:
    """The module, in the form that the formatter leaves it in."""
    values = (f"{name} = {pformat(value, width=84)}" for name, value in flag_values().items())
    command = [sys.executable, "-m", "ruff", "format", "-"]
    text = HEAD + "\n".join(values) + "\n"
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def _setting(option: Option) -> tuple[Any, ...]:
    return (
        option.name,
        option.help,
        _shown(option.default),
        option.metavar,
        option.is_flag,
        option.is_list,
        option.entry_points,
    )


def _shown(default: Any) -> str | bool | None:
    if default is None or isinstance(default, bool):
        return default
    return f"{default:g}" if isinstance(default, float) else str(default)


def _unknown(unknown: Unknown) -> tuple[Any, ...]:
    return unknown.name, unknown.flag, unknown.label, tuple(unknown.readings.items())


def _names(names: set[str] | frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


if __name__ == "__main__":
    MODULE.write_text(module_text())
