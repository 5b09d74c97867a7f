"""What counts as an answer of Customer Profiles: of the model's shape, and of what was asked.

Anything else is no answer, whatever its status says. The SDK itself takes a body that is not JSON
for an empty answer, a redirect without a place for a success, and passes on halves of surrogate
pairs and numbers where there have to be texts.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from batcher.errors import RedirectError

_Name = Annotated[str, Meta(min_length=1, max_length=255)]
_Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_TYPES: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": _Number,
    "long": _Number,
    "timestamp": int | float | str,
}
_REGION = re.compile(r"[a-z]{2}[a-z0-9-]{1,30}")
_TRIGGER, SAYS_DOMAIN = "EventTriggerName", "DomainName"
DOMAINS = "batcher.domains"  # those that an answer names; the model has no member for them


class UnreadableAnswerError(Exception):
    """What came is no answer to what was asked. The message says why, and quotes nothing of it."""


def hold_to_model(client: Any) -> None:
    """Make a client of Customer Profiles raise UnreadableAnswerError and RedirectError."""
    refuse_redirects(client)
    service = client.meta.service_model.service_id.hyphenize()  # a model may be the user's own
    client.meta.events.register(f"before-parse.{service}", _Shapes().check, unique_id="batcher")


def refuse_redirects(client: Any) -> None:
    """Make a client raise RedirectError where the answer is a redirect.

    A client of S3 may call AWS's own host of another Region first, which is not one that the answer
    names: that is where the bucket is.
    """
    if client.meta.service_model.service_name == "s3":
        client.meta.events.register("before-parse.s3", _refuse_redirect_out_of_s3)
        client.meta.events.register("after-call.s3", _refuse_last_redirect)
    else:
        client.meta.events.register("before-parse", _refuse_redirect, unique_id="batcher-redirect")


def check_asked(answer: dict[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise UnreadableAnswerError for an answer that is of another domain or trigger.

    ``asked``: the members of the request. Takes out of the answer what is not of the model.
    """
    domains = answer.pop(DOMAINS, None)
    if domains and SAYS_DOMAIN in asked and domains - {asked[SAYS_DOMAIN]}:
        raise UnreadableAnswerError("it is of another domain than the one asked for")
    if _TRIGGER in asked and answer.get(_TRIGGER, asked[_TRIGGER]) != asked[_TRIGGER]:
        raise UnreadableAnswerError("it is of another trigger than the one asked for")


class _Shapes:
    """The bodies that one service model allows, by operation."""

    def __init__(self) -> None:
        self._decoders: dict[str, Any] = {}

    def check(
        self,
        operation_model: Any,
        response_dict: dict[str, Any],
        customized_response_dict: dict[str, Any],
        **_: object,
    ) -> None:
        """Called before the SDK reads a body."""
        name, body = operation_model.name, response_dict["body"]
        if response_dict["status_code"] >= 300:
            response_dict["body"] = readable_refusal(body)
            return
        if name not in self._decoders:
            self._decoders[name] = answer_decoder(operation_model.output_shape)
        if domains := domains_of(read_body(self._decoders[name], body)):
            customized_response_dict[DOMAINS] = domains


class _Refusal(Struct):
    """Of a refusal the members that the SDK looks at."""

    message: str | None = None
    code: str | None = None
    message_: str | None = field(default=None, name="Message")
    code_: str | None = field(default=None, name="Code")
    type_: str | None = field(default=None, name="__type")


_REFUSAL = msgspec.json.Decoder(_Refusal)


def readable_refusal(body: bytes) -> bytes:
    """The body of a refusal, or one that says why it can't be read."""
    try:
        return body and read_body(_REFUSAL, body) and body
    except UnreadableAnswerError as error:
        return msgspec.json.encode({"message": f"what came with it can't be read: {error}"})


def answer_decoder(shape: Any) -> Any:
    """What reads bodies of that shape of the model."""
    return msgspec.json.Decoder(_type_of(shape))


def read_body(decoder: Any, body: bytes) -> Any:
    """What a body says, as a record. Raises UnreadableAnswerError."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # these messages name members of the model and places in the text, and no value
        raise UnreadableAnswerError(str(error)) from error


def _type_of(shape: Any) -> Any:
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return list[_type_of(shape.member)]  # type: ignore[misc] # made from the model
        case "map":
            return dict[str, _type_of(shape.value)]  # type: ignore[misc] # as above
        case other:
            return _TYPES.get(other, Any)


def _structure(shape: Any) -> type:
    """A type with the members of a structure; what has a name has to say it."""
    names = [name for name in (_TRIGGER, SAYS_DOMAIN) if name in shape.members][:1]
    fields: list[Any] = [(name, _Name) for name in names]
    fields += [
        (name, _type_of(member) | None, None)
        for name, member in shape.members.items()
        if name not in names
    ]
    if names_trigger_only(shape):
        fields.append((SAYS_DOMAIN, str | None, None))
    return msgspec.defstruct(shape.name, fields, omit_defaults=True, gc=False)


def domains_of(found: Any) -> set[str]:
    """The domains that triggers in an answer say they are of."""
    domains = set[str]()
    for each in (found, *(getattr(found, "Items", None) or ())):
        if hasattr(each, _TRIGGER) and (domain := getattr(each, SAYS_DOMAIN)) is not None:
            domains.add(domain)
    return domains


def names_trigger_only(shape: Any) -> bool:
    """Whether a structure is of a trigger, and by the model says nothing of its domain."""
    return _TRIGGER in shape.members and SAYS_DOMAIN not in shape.members


def _refuse_redirect(response_dict: Mapping[str, Any], **_: object) -> None:
    refuse_redirect(response_dict["status_code"], response_dict["headers"])


def _refuse_redirect_out_of_s3(response_dict: Mapping[str, Any], **_: object) -> None:
    """What says no Region; the SDK would ask again and again for it."""
    if bucket_region(response_dict["headers"]) is None:
        refuse_redirect(response_dict["status_code"], response_dict["headers"])


def _refuse_last_redirect(http_response: Any, **_: object) -> None:
    refuse_redirect(http_response.status_code, http_response.headers)


def refuse_redirect(status: int, headers: Mapping[str, str]) -> None:
    """Raise RedirectError where that is the answer; ``headers``: names in lower case."""
    if 300 <= status < 400:
        raise RedirectError(status, _host(headers.get("location", "")), bucket_region(headers))


def bucket_region(headers: Mapping[str, str]) -> str | None:
    """The Region that S3 says a bucket is in, where it is one."""
    name = headers.get("x-amz-bucket-region", "")
    return name if _REGION.fullmatch(name) else None


def _host(location: str) -> str:
    """The host that a redirect names, without anything beside it that it may have."""
    try:
        host = urlsplit(location).hostname or "no other host"
    except ValueError:
        return "a place that can't be read"
    return host if host.isascii() and host.isprintable() and len(host) < 254 else "a strange host"
