"""Where the rules come from: the service model of the installed botocore, as a dict.

Nothing is decided here. What was read is kept: a process reads the model once.
"""

import gzip
import json
import os
from collections.abc import Collection, Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
from botocore.exceptions import DataNotFoundError
from botocore.loaders import JSONFileLoader, Loader, create_loader
from msgspec import Raw

SERVICE = "customer-profiles"


@cache
def model_loader() -> Loader:
    """The one loader of the process; it keeps what it has read."""
    places = create_loader(os.environ.get("AWS_DATA_PATH") or None).search_paths
    return ModelLoader(places, ModelFiles(), include_default_search_paths=False)


class ModelLoader(Loader):  # type: ignore[misc] # no stubs
    """botocore's loader, which looks for a service where that would be, not at all there are."""

    def list_available_services(self, type_name: str) -> Collection[str]:
        return _Services(self, type_name)


class _Services(Collection[str]):
    """The services that there is a model of: listed once somebody wants more than to find one."""

    def __init__(self, loader: Loader, type_name: str) -> None:
        self._loader = loader
        self._type_name = type_name

    def __contains__(self, name: object) -> bool:
        try:
            return bool(self._loader.list_api_versions(name, self._type_name))
        except DataNotFoundError:
            return False
        except OSError:  # as where a file has the name of a service
            return name in self._all

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @property
    def _all(self) -> list[str]:
        found: list[str] = Loader.list_available_services(self._loader, self._type_name)
        return found


class ModelFiles(JSONFileLoader):  # type: ignore[misc] # no stubs
    """botocore's reader of files, in a quarter of its time."""

    def load_file(self, file_path: str) -> Any:
        """What is in the file of that path, which has no extension yet; None: there is none."""
        read = _endpoints if Path(file_path).name == "endpoints" else msgspec.json.decode
        for extension, unpacked in ((".json", bytes), (".json.gz", gzip.decompress)):
            path = file_path + extension
            if not os.path.isfile(path):  # Path's own raises for odd ones
                continue
            packed = Path(path).read_bytes()
            try:
                found = read(unpacked(packed))
            except (msgspec.DecodeError, KeyError, ValueError, OSError, EOFError):
                return super().load_file(file_path)  # it says what is wrong, if anything is
            if found is not None:
                return found
        return None


def _endpoints(text: bytes) -> dict[str, Any]:
    """The endpoints of all services: each service's is read when it is asked for.

    They are sixteen thousand objects, of which a client looks at a few.
    """
    found: dict[str, Any] = {**msgspec.json.decode(text, type=_ENDPOINTS)}
    partitions = found["partitions"]
    if not isinstance(partitions, list):
        raise ValueError("partitions are no list")
    found["partitions"] = [
        {name: _part(name, each) for name, each in partition.items()} for partition in partitions
    ]
    return found


def _part(name: str, text: Raw) -> Any:
    is_unread = name == "services" and bytes(memoryview(text)[:1]) == b"{"
    return _Unread(text) if is_unread else msgspec.json.decode(text)


_ENDPOINTS: Any = dict[str, list[dict[str, Raw]] | str | int | float | None]
"""Partitions, and beside them nothing but values: else it is read as botocore does."""


class _Unread(Mapping[str, Any]):
    """An object of JSON whose members are read one by one, and listed when one is asked for."""

    def __init__(self, text: Raw) -> None:
        self._text = text
        self._read: dict[str, Any] = {}

    @cached_property
    def _texts(self) -> Mapping[str, Any]:
        try:
            return msgspec.json.decode(self._text, type=dict[str, Raw])
        except msgspec.DecodeError:  # as of a name that only botocore takes
            self._read = json.loads(bytes(self._text))
            return self._read

    def __getitem__(self, name: str) -> Any:
        text = self._texts[name]
        if name not in self._read:
            self._read[name] = _value(bytes(text))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _value(text: bytes) -> Any:
    """A part of a file, as botocore reads it; only its syntax has been looked at yet."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


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
