"""``batcher explain``: why a trigger fires on an event or not, and what lint means by a code."""

from pathlib import Path
from typing import Any

import click

from batcher.cli.options import (
    check_sensitive,
    settings_from,
)
from batcher.cli.output.echo import echo
from batcher.cli.output.explanation import explanation_json, explanation_lines
from batcher.cli.output.lint_codes import explain_code
from batcher.cli.semantics_options import taken_firing
from batcher.jobs.explain import explain_trigger
from batcher.jobs.explained_inputs import read_event, read_segment, read_trigger
from batcher.jobs.field_mapping import read_mapping
from batcher.triggers.lint.codes import find_code, suggested_code


def do_explain(trigger: str | None, event: str | None, **given: Any) -> None:
    if trigger is None or (event is None and find_code(trigger) is not None):
        explain_code(trigger, as_json=given["as_json"])
    elif event is None:
        raise click.UsageError(
            "That is no code of lint (batcher explain lists them), and for a trigger in a file"
            f" EVENT is missing.{suggested_code(trigger)}"
        )
    else:
        raise SystemExit(_explain(trigger, event, **given))


def _explain(
    trigger: str,
    event: str,
    name: str | None,
    event_id: str | None,
    object_type: str | None,
    segments: str | None,
    mapping: str | None,
    show_sensitive: bool,
    as_json: bool,
    config: Path | None,
    **given: Any,
) -> int:
    check_sensitive(show_sensitive, as_json=as_json)
    if (trigger, event, segments, mapping).count("-") > 1:
        raise click.UsageError("Standard input (-) can be one of the files only.")
    options = taken_firing(given)
    settings = settings_from(given, config)
    asked = read_trigger(trigger, settings, name)
    seen = read_event(event, settings, options, event_id, object_type)
    fields = {} if mapping is None else read_mapping(mapping, settings)
    members = {} if segments is None else read_segment(segments, settings, asked)
    found = explain_trigger(asked, seen, options, fields, members)
    for file, what, taken, has_more, flag in (
        (trigger, "triggers", asked.name, asked.has_more, "--trigger NAME"),
        (event, "events", seen.id, seen.has_more, "--event ID"),
    ):
        if has_more:
            echo(f"{file} holds several {what}: {taken} is its first; {flag} chooses.", err=True)
    if as_json:
        echo(explanation_json(found, show_sensitive=show_sensitive))
    else:
        for line in explanation_lines(found, show_sensitive=show_sensitive):
            echo(line, err=True)
    return 0 if found.fires else 1
