"""botocore's service model of Customer Profiles, compiled: routes, checks, members of answers.

No limit, route or status of AWS's is written down here.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import botocore.model
from botocore.loaders import create_loader

from batcher.emulator.constraints import Check, compile_check, describe_violations
from batcher.emulator.errors import COMMON_ERRORS, ServiceError, bad_request

Json = dict[str, Any]
EMULATED = (
    "CreateDomain",
    "CreateEventTrigger",
    "DeleteEventTrigger",
    "DeleteIntegration",
    "GetDomain",
    "GetEventTrigger",
    "ListDomains",
    "ListEventTriggers",
    "ListIntegrations",
    "ListTagsForResource",
    "PutIntegration",
    "TagResource",
    "UntagResource",
    "UpdateEventTrigger",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberLocation:
    """Where a member stands if not in the body: uri, querystring or header, and its name there."""

    location: str
    name: str
    member: str
    type_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One operation of the model: how its requests are read and checked, and its answers shaped."""

    name: str
    method: str
    places: tuple[MemberLocation, ...]
    has_body: bool
    required: frozenset[str]
    members: frozenset[str]
    render: Callable[[Any], Any]
    _check: Check

    @property
    def mutates(self) -> bool:
        return self.method != "GET"

    def check(self, request: Json) -> None:
        """BadRequestException, in AWS's words, when a request breaks a constraint of the model."""
        violations: list[str] = []
        self._check(request, "", violations)
        if violations:
            raise bad_request(describe_violations(violations))


class ServiceModel:
    """The emulated operations of Customer Profiles, all its routes, the status of each error."""

    def __init__(self) -> None:
        name = "customer-profiles"  # read past any session: its profile may not exist
        loader = create_loader(os.environ.get("AWS_DATA_PATH"))
        model = botocore.model.ServiceModel(loader.load_service_model(name, "service-2"), name)
        self.operations = {name: _operation(model.operation_model(name)) for name in EMULATED}
        self.statuses = COMMON_ERRORS | {
            shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes
        }
        self.max_tags: int = model.shape_for("TagMap").metadata["max"]
        self.page_size: int = (
            model.shape_for("ListEventTriggersRequest").members["MaxResults"].metadata["max"]
        )
        self._routes = _routes(
            (name, model.operation_model(name).http) for name in model.operation_names
        )

    def operation(self, name: str) -> Operation:
        """ValueError, naming the emulated ones, for any other name."""
        if (operation := self.operations.get(name)) is None:
            raise ValueError(f"unknown operation {name!r}; known are {', '.join(EMULATED)}")
        return operation

    def route(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation that a raw path asks for, and its labels, decoded.

        UnknownOperationException without one, NotImplementedException for one that is not emulated.
        """
        segments = path.split("/")
        for positions, routes in self._routes.get((method, len(segments)), ()):
            if route := routes.get(tuple([segments[index] for index in positions])):
                break
        else:
            raise ServiceError(
                "UnknownOperationException", f"No operation has the route {method} {path}"
            )
        if (operation := self.operations.get(route.operation)) is None:
            message = (
                f"The emulator does not have the operation {route.operation} of Customer Profiles."
            )
            raise ServiceError("NotImplementedException", message)
        return operation, {label: _decoded(segments[index]) for index, label in route.labels}


def installed_model() -> ServiceModel:
    """The service model, read once for all emulators of the process: a megabyte and 40 ms each."""
    return _read(os.environ.get("AWS_DATA_PATH"))


@lru_cache(maxsize=1)
def _read(_: str | None) -> ServiceModel:
    return ServiceModel()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Route:
    operation: str
    labels: tuple[tuple[int, str], ...]


_Routes = dict[tuple[str, int], list[tuple[tuple[int, ...], dict[tuple[str, ...], _Route]]]]
"""By method and number of segments: the positions of fixed segments, most first, and the routes
by their texts.
"""


def _routes(operations: Iterable[tuple[str, Any]]) -> _Routes:
    found: dict[tuple[str, int], dict[tuple[int, ...], dict[tuple[str, ...], _Route]]] = {}
    for name, http in operations:
        segments = http["requestUri"].partition("?")[0].split("/")
        fixed = [(index, text) for index, text in enumerate(segments) if not text.startswith("{")]
        labels = tuple(
            (index, text.strip("{}+"))
            for index, text in enumerate(segments)
            if text.startswith("{")
        )
        positions, texts = zip(*fixed, strict=True)
        by_positions = found.setdefault((http["method"], len(segments)), {})
        by_positions.setdefault(positions, {})[texts] = _Route(operation=name, labels=labels)
    return {
        key: sorted(by_positions.items(), key=lambda item: -len(item[0]))
        for key, by_positions in found.items()
    }


def _decoded(segment: str) -> str:
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise bad_request("The path is not UTF-8 in percent-encoding") from None


def _operation(model: Any) -> Operation:
    shape = model.input_shape
    places = tuple(_places(shape.members))
    return Operation(
        name=model.name,
        method=model.http["method"],
        places=places,
        has_body=len(places) < len(shape.members),
        required=frozenset(shape.required_members),
        members=frozenset(shape.members),
        render=compile_render(model.output_shape),
        _check=compile_check(shape),
    )


def _places(members: Mapping[str, Any]) -> list[MemberLocation]:
    found = []
    for member, shape in members.items():
        if location := shape.serialization.get("location"):
            name = shape.serialization.get("name", member)
            found.append(
                MemberLocation(
                    location=location, name=name, member=member, type_name=shape.type_name
                )
            )
    return found


def compile_render(shape: Any) -> Callable[[Any], Any]:
    """A function that keeps of a stored value what the output shape has."""
    match shape.type_name:
        case "structure":
            members = [(name, compile_render(member)) for name, member in shape.members.items()]
            return lambda value: {
                name: render(value[name]) for name, render in members if name in value
            }
        case "list":
            render_item = compile_render(shape.member)
            return lambda value: [render_item(item) for item in value]
        case _:
            return lambda value: value
