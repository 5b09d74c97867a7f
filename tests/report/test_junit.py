"""A report as JUnit XML: well-formed whatever others wrote, and its sums are those of its cases."""

from collections import Counter
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from batcher.records import STATUSES, Error, Result
from batcher.report.junit import KINDS, junit_xml
from batcher.report.run_report import RunReport
from tests.report.filled_records import HOSTILE, Filled


def result(line: int, status: str, text: str = "") -> Result:
    well = status in ("succeeded", "unchanged")
    return Result(
        id=f"id-{line}{text}",
        line=line,
        target="default",
        domain=f"acme{text}",
        trigger=f"t{text}",
        status=status,
        error=None if well else Error(code=f"C{text}", message=f"m{text}"),
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:01.000Z",
    )


@pytest.mark.parametrize("hostile", ["", *HOSTILE], ids=range(len(HOSTILE) + 1))
def test_it_is_whole_whatever_others_wrote_and_counts_what_it_has(hostile: str) -> None:
    report = Filled(hostile).record(RunReport)
    results = [result(line, status, hostile) for line, status in enumerate(STATUSES, 1)]
    outcomes = dict.fromkeys(STATUSES, 1) | {"not_started": 2}
    report = replace(report, accounts=replace(report.accounts, outcomes=outcomes))
    missing = [(98, (f"acme{hostile}", "t")), (99, None)]
    text = "".join(junit_xml(report, results, missing))
    root = ElementTree.fromstring(text.encode(errors="replace"))
    (suite,) = root
    cases = suite.findall("testcase")
    found = Counter(child.tag for case in cases for child in case)
    assert found == Counter(KINDS.values()) + Counter({"skipped": 1})
    for element in (root, suite):
        said = {name: int(element.attrib[name]) for name in ("tests", "failures", "errors")}
        assert said == {
            "tests": len(cases),
            "failures": found["failure"],
            "errors": found["error"],
        }
        assert int(element.attrib["skipped"]) == found["skipped"] == 3
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)
    assert {case.attrib["classname"] for case in cases} >= {"no domain"}
    assert not {"\x1b", "\x9b", "\x00"} & set(text)
    assert suite.find("system-err") is not None, "that it is damaged is told"


def test_a_message_is_told_as_it_is() -> None:
    said = "quotes \"' & <b> and\na line"
    report = Filled(bare=True).record(RunReport)
    root = ElementTree.fromstring(
        "".join(
            junit_xml(
                report, [replace(result(1, "failed"), error=Error(code="C", message=said))], []
            )
        )
    )
    assert root.find(".//failure").attrib == {"type": "C", "message": f"C: {said}"}
