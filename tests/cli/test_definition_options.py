"""What the flags of definitions say together, and which of them do not go together."""

import click
import pytest
from click.testing import CliRunner

from batcher.cli.commands.compose import definition_options
from batcher.cli.definition_options import DefinitionChoices
from batcher.jobs.definition_kinds import KINDS

taken: list[DefinitionChoices] = []


@click.command()
@click.argument("file")
@definition_options
def command(file: str, **given: object) -> None:
    taken.append(DefinitionChoices.taken(given, file))
    assert not given


def test_they_are_taken_and_the_name_tells_the_rest() -> None:
    flags = ["--template", '{"DomainName":"a"}', "--format", "csv", "--columns", "id"]
    ended = CliRunner().invoke(command, ["x.csv", *flags])
    assert ended.exit_code == 0, ended.output
    choices = taken.pop()
    assert choices.kind is KINDS["csv"]
    assert choices.template == {"DomainName": "a"}
    assert list(map(str, choices.columns or ())) == ["DomainName", "EventTriggerName", "id"]


def test_the_values_for_a_template_may_hold_what_they_like() -> None:
    flags = ["--parameter", "A=b=c", "--parameter", "AWS::Region="]
    assert CliRunner().invoke(command, ["x.yaml", *flags]).exit_code == 0
    assert taken.pop().parameters == {"A": "b=c", "AWS::Region": ""}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["x.jsonl", "--template", "{}"], "--template is for the rows of a CSV file"),
        (["x.jsonl", "--columns", "id"], "--columns are those of --format csv"),
        (["x.yaml", "--parameter", "=a"], "wanted is NAME=VALUE"),
        (["x.jsonl", "--parameter", "A=b"], "--parameter is for --from cloudformation"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: list[str], why: str) -> None:
    ended = CliRunner().invoke(command, arguments)
    assert (ended.exit_code, why in ended.stderr) == (2, True)
