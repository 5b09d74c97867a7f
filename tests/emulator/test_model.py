"""The compiled service model."""

from pathlib import Path

import pytest

from batcher.emulator.model import ServiceModel, installed_model

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}


def test_an_answer_has_the_members_of_the_output_shape_only() -> None:
    stored = {**NAME, "CreatedAt": 1.5}
    answer = ServiceModel().operation("GetEventTrigger").render(stored)
    assert answer == {"EventTriggerName": "cart", "CreatedAt": 1.5}


@pytest.mark.parametrize(
    ("method", "path", "operation", "labels"),
    [
        ("GET", "/domains/a%2Fb", "GetDomain", {"DomainName": "a/b"}),
        (
            "PUT",
            "/domains/acme/event-triggers/cart",
            "UpdateEventTrigger",
            {"DomainName": "acme", "EventTriggerName": "cart"},
        ),
        ("DELETE", "/tags/arn%3Ax", "UntagResource", {"resourceArn": "arn:x"}),
    ],
)
def test_a_path_leads_to_its_operation_with_its_labels_decoded(
    method: str, path: str, operation: str, labels: dict[str, str]
) -> None:
    found, read = ServiceModel().route(method, path)
    assert (found.name, read) == (operation, labels)


def test_all_emulators_of_a_process_share_one_model_of_what_is_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = installed_model()
    assert installed_model() is found
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert installed_model() is not found, "another path may lead to another model"
