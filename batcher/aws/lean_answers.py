"""Answers read without the SDK's generic parser, into exactly what that would make of them.

A refusal, which is rare, is left to the SDK's parser itself.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError, HTTPClientError
from botocore.parsers import PROTOCOL_PARSERS
from botocore.utils import parse_timestamp

from batcher.aws.answers import (
    DOMAINS,
    SAYS_DOMAIN,
    answer_decoder,
    domains_of,
    names_trigger_only,
    read_body,
    readable_refusal,
    refuse_redirect,
)
from batcher.aws.request_template import NotTemplatedError, is_as_given
from batcher.aws.server_clock import ServerClock
from batcher.aws.service_model import shapes_in
from batcher.http.response_parser import HttpResponse

_PROTOCOL = "rest-json"
_READ_AS_WRITTEN = frozenset({"string", "boolean", "integer", "long", "timestamp"})

Convert = Callable[[Any], Any]


class AnswerReader:
    """Reads the answers of one operation of the model. Raises NotTemplatedError for any other."""

    def __init__(self, operation: Any) -> None:
        _check_plain(operation)
        shape = operation.output_shape
        self._operation = operation
        self._decoder = answer_decoder(shape)
        self._convert = _conversion(shape)

    def read(self, response: HttpResponse, server_clock: ServerClock) -> dict[str, Any]:
        """The answer, as the SDK gives it; ``server_clock`` looks at what is refused.

        Raises what the SDK raises: ClientError, RedirectError, UnreadableAnswerError.
        """
        headers = _utf8(response.headers)
        if response.status >= 300:
            raise self._refusal(response, headers, server_clock)
        found = read_body(self._decoder, response.body)
        if not response.body.isascii():
            response.body.decode()  # also what the model has not is read by the SDK
        answer: dict[str, Any] = self._convert(msgspec.to_builtins(found))
        if domains := domains_of(found):
            answer[DOMAINS] = domains
        metadata: dict[str, Any] = {"HTTPStatusCode": response.status}
        request_id = headers.get("x-amzn-requestid", headers.get("x-amz-request-id"))
        if request_id is not None:
            metadata["RequestId"] = request_id
        answer["ResponseMetadata"] = metadata
        return answer

    def _refusal(
        self, response: HttpResponse, headers: Mapping[str, str], server_clock: ServerClock
    ) -> ClientError:
        refuse_redirect(response.status, headers)
        parser = PROTOCOL_PARSERS[_PROTOCOL]()
        parts = {
            "headers": headers,
            "status_code": response.status,
            "body": readable_refusal(response.body),
            "context": {"operation_name": self._operation.name},
        }
        parsed = parser.parse(parts, self._operation.output_shape)
        code = parsed.get("Error", {}).get("Code")
        model = self._operation.service_model
        if code is not None and (shape := model.shape_for_error_code(code)) is not None:
            parsed.update(parser.parse(parts, shape))
        server_clock.look(str(code), headers)
        return ClientError(parsed, self._operation.name)


def _utf8(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Headers by name, the last of each, as the SDK reads them."""
    found = dict(headers)
    if not "".join(found.values()).isascii():
        try:
            found = {name: each.encode("latin-1").decode() for name, each in headers}
        except UnicodeDecodeError as error:
            raise HTTPClientError(error=error) from error
    return found


def _check_plain(operation: Any) -> None:
    shape = operation.output_shape
    if operation.service_model.resolved_protocol != _PROTOCOL or shape is None:
        raise NotTemplatedError("the model's protocol is another one")
    members = shape.members.values()
    if "payload" in shape.serialization or any(
        "location" in each.serialization for each in members
    ):
        raise NotTemplatedError(f"answers to {operation.name} are not all in their bodies")
    if not _is_read_as_written(shape):
        raise NotTemplatedError(f"answers to {operation.name} have members that are converted")


def _is_read_as_written(shape: Any) -> bool:
    return is_as_given(shape, _READ_AS_WRITTEN) and not any(
        "timestampFormat" in each.serialization or getattr(each, "is_tagged_union", False)
        for each in shapes_in(shape)
    )


def _conversion(shape: Any) -> Convert:
    """What makes moments of timestamps, in place, and leaves out what the model has not."""
    match shape.type_name:
        case "timestamp":
            return _moment
        case "structure":
            return _of_structure(shape)
        case "list":
            return _of_list(_conversion(shape.member))
        case "map":
            return _of_map(_conversion(shape.value))
    return _as_it_is


def _of_structure(shape: Any) -> Convert:
    made = {name: _conversion(member) for name, member in shape.members.items()}
    to_do = {name: convert for name, convert in made.items() if convert is not _as_it_is}
    beyond = SAYS_DOMAIN if names_trigger_only(shape) else None
    if not to_do and beyond is None:
        return _as_it_is

    def convert(found: Any) -> Any:
        for name, each in to_do.items():
            if name in found:
                found[name] = each(found[name])
        if beyond is not None:
            found.pop(beyond, None)
        return found

    return convert


def _of_list(each: Convert) -> Convert:
    return _as_it_is if each is _as_it_is else lambda found: [each(one) for one in found]


def _of_map(each: Convert) -> Convert:
    if each is _as_it_is:
        return _as_it_is
    return lambda found: {name: each(value) for name, value in found.items()}


def _as_it_is(found: Any) -> Any:
    return found


def _moment(value: float | str) -> datetime:
    """As the SDK has it, but for its zone: UTC."""
    if not isinstance(value, str):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, OSError, ValueError):
            pass
    moment: datetime = parse_timestamp(value)
    return moment
