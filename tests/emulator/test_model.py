"""The compiled service model."""

import pytest

from batcher.emulator.model import ServiceModel

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
