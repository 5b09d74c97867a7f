"""What tests of signatures, sessions and roles share. No assertions here."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
KEYS = {"AKIDTEST": "secret"}
ROLE = "arn:aws:iam::123456789012:role/team/updater"
Trigger = Callable[..., dict[str, Any]]


def code_and_status(refused: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """The error code and the HTTP status of a refused call."""
    response = refused.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]
