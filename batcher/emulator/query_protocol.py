"""The Query protocol of AWS: forms read into members, members written as XML, by a model."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from batcher.emulator.model import Json
from batcher.emulator.replies import Reply


def read_form(body: bytes) -> dict[str, str]:
    """The parameters of a form. ValueError when it can't be read."""
    return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict"))


def read_structure(shape: Any, parameters: Mapping[str, str], prefix: str = "") -> Json:
    """The members of a structure; text that is no integer stays text, for the check to refuse."""
    read = (
        (name, _read(member, parameters, prefix + name)) for name, member in shape.members.items()
    )
    return {name: value for name, value in read if value is not None}


def _read(shape: Any, parameters: Mapping[str, str], name: str) -> object:
    match shape.type_name:
        case "structure":
            return read_structure(shape, parameters, f"{name}.") or None
        case "list":
            return list(_read_items(shape, parameters, name)) or None
        case "integer":
            text = parameters.get(name)
            return (
                int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else text
            )
        case _:
            return parameters.get(name)


def _read_items(shape: Any, parameters: Mapping[str, str], name: str) -> Iterator[object]:
    number = 1
    while (item := _read(shape.member, parameters, f"{name}.member.{number}")) is not None:
        yield item
        number += 1


def write_structure(parent: ElementTree.Element, shape: Any, answer: Json) -> None:
    """Appends the members of an answer to an element; a timestamp is a datetime."""
    for name, member in shape.members.items():
        if name not in answer:
            continue
        element = ElementTree.SubElement(parent, name)
        if member.type_name == "structure":
            write_structure(element, member, answer[name])
        elif member.type_name == "timestamp":
            element.text = answer[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        else:
            element.text = str(answer[name])


def xml_reply(status: int, root: ElementTree.Element, request_id: str) -> Reply:
    body = ElementTree.tostring(root, encoding="utf-8")
    return Reply(
        status=status, body=body, content_type="text/xml", headers={"x-amzn-RequestId": request_id}
    )
