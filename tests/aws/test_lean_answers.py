"""Answers without the SDK's parser: what it would do otherwise is left to it, or refused at once.

That they are what the SDK makes of them is in ``test_transport``.
"""

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from botocore.session import Session

from batcher.aws.lean_answers import AnswerReader
from batcher.aws.request_template import NotTemplatedError
from batcher.aws.server_clock import ServerClock
from batcher.clock import SystemClock
from batcher.http.response_parser import HttpResponse
from batcher.operations import GET_TRIGGER, LIST_TRIGGERS

SERVICES = Session()


def reader(operation: str, service: str = "customer-profiles") -> AnswerReader:
    return AnswerReader(SERVICES.get_service_model(service).operation_model(operation))


def test_moments_are_of_utc_at_every_depth() -> None:
    body = (
        b'{"Items":[{"EventTriggerName":"a","CreatedAt":1.5,"Later":1},{"EventTriggerName":"b"}]}'
    )
    answer = reader(LIST_TRIGGERS).read(HttpResponse(200, [], body), ServerClock(SystemClock()))
    made = {"EventTriggerName": "a", "CreatedAt": datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)}
    assert answer["Items"] == [made, {"EventTriggerName": "b"}]
    assert answer["Items"][0]["CreatedAt"].tzinfo is UTC


def test_a_refusal_that_names_the_time_corrects_the_clock() -> None:
    clock = ServerClock(SystemClock())
    before = clock.timestamp()
    headers = [
        ("x-amzn-errortype", "RequestTimeTooSkewed"),
        ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ]
    with pytest.raises(ClientError) as raised:
        reader(GET_TRIGGER).read(HttpResponse(403, headers, b""), clock)
    assert raised.value.response["Error"]["Code"] == "RequestTimeTooSkewed"
    assert raised.value.operation_name == GET_TRIGGER
    assert clock.timestamp()[:8] == "20151021" != before[:8]


@pytest.mark.parametrize(
    ("service", "operation"),
    [("sqs", "ListQueues"), ("s3", "GetObject"), ("lambda", "Invoke"), ("xray", "GetTraceGraph")],
)
def test_answers_of_another_kind_are_left_to_the_sdk(service: str, operation: str) -> None:
    with pytest.raises(NotTemplatedError):
        reader(operation, service)
