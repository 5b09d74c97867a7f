"""Where the rules come from: the service model of the installed botocore, as a dict.

Nothing is decided here. What was read is kept: a process reads the model once.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader

SERVICE = "customer-profiles"


@cache
def model_loader() -> Loader:
    """The one loader of the process; it keeps what it has read."""
    return Loader()


def shapes_in(shape: Any) -> Iterator[Any]:
    """A shape of the model, and all that it is made of."""
    yield shape
    match shape.type_name:
        case "structure":
            parts = list(shape.members.values())
        case "list":
            parts = [shape.member]
        case "map":
            parts = [shape.value]
        case _:
            parts = []
    for part in parts:
        yield from shapes_in(part)


def installed_service_model() -> Mapping[str, Any]:
    """The service model of Customer Profiles in the installed botocore; its newest API version."""
    model: Mapping[str, Any] = model_loader().load_service_model(SERVICE, "service-2")
    return model
