"""Triggers to start with."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from batcher.emulator import Emulator
from batcher.emulator.model import ServiceModel
from batcher.emulator.seeds import parse_seeds

Trigger = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"Description": ""}, "trigger 1: 1 validation error detected: Value '' at 'description'"),
        ({"Unknown": 1}, "Value '1' at 'unknown'"),
        ({"Description": float("nan")}, "trigger 1: The body is not JSON: NaN"),
        ({"Description": b"bytes"}, "trigger 1: Object of type bytes"),
    ],
)
def test_a_seed_that_breaks_a_rule_is_named(
    trigger: Trigger, seed: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Emulator().seed([trigger(**seed)])


def test_lines_may_be_blank_and_the_file_may_have_a_mark_at_its_beginning(trigger: Trigger) -> None:
    line = json.dumps(trigger(Description=None)).encode()
    seeds = parse_seeds(ServiceModel(), b"\xef\xbb\xbf" + line + b"\r\n\n" + line, "file")
    assert seeds == [trigger()] * 2
    integration = {"DomainName": "acme", "Uri": "kinesis", "EventTriggerNames": ["cart"]}
    assert parse_seeds(ServiceModel(), json.dumps(integration).encode(), "file") == [integration]
    with pytest.raises(ValueError, match=r"line 1: .*'eventTriggerNames'"):
        parse_seeds(ServiceModel(), b'{"DomainName":"a","Uri":"k","EventTriggerNames":[]}', "file")
    with pytest.raises(ValueError, match=r"^file: line 2: The body is not JSON"):
        parse_seeds(ServiceModel(), line + b"\n{", "file")
