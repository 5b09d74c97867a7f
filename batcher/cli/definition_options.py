"""What the flags say a file of definitions is, and as what to write what is made of it."""

from collections.abc import Mapping
from typing import Any, Self

import click
from msgspec import Struct

from batcher.jobs.csv_definitions import columns_of
from batcher.jobs.current_triggers import LIVE
from batcher.jobs.definition_kinds import KINDS, DefinitionKind, kind_of
from batcher.jobs.row_template import is_json_text, read_template
from batcher.updates.foreign_document import Tool
from batcher.updates.member_path import MemberPath
from batcher.wiring.line_readers import installed_update_model

_TEMPLATES = (KINDS[Tool.CLOUDFORMATION.value], KINDS[Tool.CDK.value])


class DefinitionChoices(Struct, frozen=True, kw_only=True):
    """What the flags say. ``columns``: of the table that is to be written; None: updates are."""

    kind: DefinitionKind
    template: Mapping[str, Any]
    parameters: Mapping[str, str]
    current: str | None
    columns: list[MemberPath] | None

    @classmethod
    def taken(cls, given: dict[str, Any], file: str) -> Self:
        """Take the flags out of a command's. Raises UsageError, InputError."""
        kind = KINDS[given.pop("written_as") or kind_of(file)]
        template, columns = given.pop("template"), given.pop("columns")
        is_table = given.pop("written_in") == "csv"
        if template is not None and kind is not KINDS["csv"]:
            raise click.UsageError("--template is for the rows of a CSV file; else see --set.")
        if (parameters := given.pop("parameters")) and kind not in _TEMPLATES:
            raise click.UsageError("--parameter is for --from cloudformation and --from cdk.")
        if columns and not is_table:
            raise click.UsageError("--columns are those of --format csv.")
        model = installed_update_model()
        return cls(
            kind=kind,
            template={} if template is None else read_template(template, model),
            parameters=_parameters(parameters),
            current=given.pop("current"),
            columns=columns_of(columns, model.schema) if is_table else None,
        )


def files_of(given: Mapping[str, Any]) -> list[str]:
    """The files that the flags name."""
    template, current = given["template"], given["current"]
    named = [] if template is None or is_json_text(template) else [template]
    return named if current in (None, LIVE) else [*named, current]


def _parameters(texts: tuple[str, ...]) -> Mapping[str, str]:
    parted = [text.partition("=") for text in texts]
    if not all(name and equals for name, equals, _ in parted):
        raise click.UsageError("--parameter: wanted is NAME=VALUE, once for each name.")
    return {name: value for name, _, value in parted}
