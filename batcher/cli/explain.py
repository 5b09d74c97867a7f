"""``batcher explain``: why a trigger fires on an event or not, and what lint means by a code."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from batcher.cli.options import (
    check_sensitive,
    json_option,
    sensitive_option,
    settings_from,
    settings_options,
)
from batcher.cli.output.echo import echo
from batcher.cli.output.explanation import explanation_json, explanation_lines
from batcher.cli.output.format import example
from batcher.cli.output.lint_codes import explain_code
from batcher.cli.semantics_options import mapping_option, single_event_options, taken_firing
from batcher.jobs.explain import explain_trigger
from batcher.jobs.explained_inputs import read_event, read_segment, read_trigger
from batcher.jobs.field_mapping import read_mapping
from batcher.triggers.lint.codes import find_code, suggested_code


@click.command(epilog=example("batcher explain trigger.json event.json"))
@click.argument("trigger", metavar="TRIGGER|CODE", required=False)
@click.argument("event", metavar="EVENT", required=False)
@click.option("--trigger", "name", metavar="NAME", help="Of several triggers in TRIGGER, this one.")
@click.option("--event", "event_id", metavar="ID", help="Of several events in EVENT, this one.")
@click.option("--object-type", metavar="NAME", help="The object type of an EVENT that is bare.")
@click.option("--segments", metavar="FILE", help="Members of segments, one or several a line.")
@mapping_option
@sensitive_option
@json_option("Print the explanation as one JSON object on standard output.")
@single_event_options
@partial(settings_options, only=("profile", "region"))
def explain(trigger: str | None, event: str | None, **given: Any) -> None:
    """Say why a trigger fires on an event, or why not.

    Or what batcher lint means by CODE; without one it lists all codes.

    TRIGGER: an update, a line of an export, or what get-event-trigger prints. EVENT: a line as for
    simulate, a record of a domain's event stream, or an object as it was ingested. Exits with 0
    when it fires, with 1 when it does not. Calls nobody.
    """
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
