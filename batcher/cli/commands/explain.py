"""The flags of ``batcher explain``, and its help."""

from functools import partial

import click

from batcher.cli.command_group import done_by
from batcher.cli.flags.output import json_option, sensitive_option
from batcher.cli.flags.semantics import mapping_option, single_event_options
from batcher.cli.flags.settings import settings_options
from batcher.cli.output.format import example


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
@done_by("batcher.cli.explain:do_explain")
def explain() -> None:
    """Say why a trigger fires on an event, or why not.

    Or what batcher lint means by CODE; without one it lists all codes.

    TRIGGER: an update, a line of an export, or what get-event-trigger prints. EVENT: a line as for
    simulate, a record of a domain's event stream, or an object as it was ingested. Exits with 0
    when it fires, with 1 when it does not. Calls nobody.
    """
