"""Definitions as other tools keep them: templates, states and plans, answers of the API.

Read whole and put into the format of a line; what was done for that is told once, in numbers.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from batcher.errors import InputError
from batcher.jobs.definitions import Definition, DefinitionFile, Definitions
from batcher.operations import TRIGGER_NAMES
from batcher.sources.documents import Document, documents_of, read_documents
from batcher.updates.foreign_definition import Alteration, translated
from batcher.updates.foreign_document import Tool, triggers_in
from batcher.updates.foreign_resources import ForeignResource, ForeignResources
from batcher.updates.violations import Violation

NAMES_AT_MOST = 8  # of members that a note names
ID_AT_MOST = 256  # characters
STATES = "Of Terraform, terraform.tfstate is taken, or what terraform show -json prints."


class Translator:
    """Puts definitions of a file into the format of a line, and counts what it did for that."""

    def __init__(self, file: DefinitionFile) -> None:
        self._file = file
        self._definitions = Counter[Alteration]()
        self._members: dict[Alteration, Counter[str]] = {}

    def definition(self, value: Mapping[str, Any], line: int) -> Definition:
        """One definition as a line has it; its names alone where it breaks a rule."""
        found = translated(value, self._file.reader.model, domain=self._file.domain)
        self._definitions.update({note.alteration for note in found.notes})
        for note in found.notes:
            self._members.setdefault(note.alteration, Counter())[note.name] += 1
        members = found.definition
        if found.violations:
            members = {name: members[name] for name in members if name in TRIGGER_NAMES}
        return Definition(line=line, members=members, violations=found.violations)

    def resource(self, found: ForeignResource, position: int) -> Definition:
        """A definition in a document; of a template or a state with its name there as its id."""
        read = self.definition(found.value, position)
        if not found.name:
            return read
        if read.violations:
            placed = [_placed(each, found.place) for each in read.violations]
            return msgspec.structs.replace(read, violations=placed)
        has_id = "id" in read.members or len(found.name) > ID_AT_MOST
        if has_id or not found.name.isprintable():
            return read
        return msgspec.structs.replace(read, members={"id": found.name} | read.members)

    def finish(self) -> None:
        """Tell what was done, a sentence for each kind of change."""
        for change in filter(self._definitions.get, Alteration):
            count = self._definitions[change]
            members = [name for name, _ in self._members[change].most_common()]
            more = len(members) - NAMES_AT_MOST
            said = ", ".join(members[:NAMES_AT_MOST]) + (f" and {more} more" if more > 0 else "")
            many = "1 definition" if count == 1 else f"{count:,} definitions"
            self._file.on_note(f"{said}: {change.value} ({many}).")


def document_definitions(file: DefinitionFile, *, tool: Tool | None = None) -> Definitions:
    """The event triggers of a file that is read whole. ``tool``: what it has to be from.

    Raises InputError when it can't be read, is something else, or has none, and for a parameter
    that it does not have.
    """
    translator, position = Translator(file), 0
    found = list(_found(file, tool))
    known = {name for _, resources in found for name in resources.names}
    if unknown := sorted(file.parameters.keys() - known):
        raise InputError(
            f"{file.origin}: no trigger in it refers to what --parameter {unknown[0]} gives."
        )
    for line, resources in found:
        for trigger in resources.triggers:
            position += 1
            yield translator.resource(trigger, line if tool is None else position)
    translator.finish()
    for note in _beside([resources for _, resources in found]):
        file.on_note(note)
    if not position:
        raise InputError(f"{file.origin}: there is no event trigger in it.")


def _found(file: DefinitionFile, tool: Tool | None) -> Iterator[tuple[int, ForeignResources]]:
    """What each document of a file has, with the line on which it begins."""
    for line, value in _documents(file, tool):
        for document in _unpacked(value, file.origin):
            try:
                found = triggers_in(document, tool, file.reader.model, file.parameters)
            except InputError as error:
                raise type(error)(f"{file.origin}: {error}.") from error
            yield line, found


def _documents(file: DefinitionFile, tool: Tool | None) -> list[Document]:
    try:
        return read_documents(file.path, file.origin)
    except InputError as error:
        if tool is Tool.AWSCC:
            raise InputError(f"{error} {STATES}") from error
        raise


def _unpacked(value: Any, origin: str) -> Iterable[Any]:
    """A document, or what a text in it is: the template that CloudFormation answers."""
    body = value.get("TemplateBody") if isinstance(value, dict) else None
    if not isinstance(body, str):
        return (value,)
    return (each.value for each in documents_of(body, f"{origin}: TemplateBody"))


def _beside(found: list[ForeignResources]) -> Iterator[str]:
    if others := sum(each.others for each in found):
        what = "1 resource that is" if others == 1 else f"{others:,} resources that are"
        yield f"Left out: {what} no event trigger."
    if unmade := sum(each.unmade for each in found):
        what = "1 trigger" if unmade == 1 else f"{unmade:,} triggers"
        yield f"Left out: {what} whose condition is not true."
    if pending := sum(each.pending for each in found):
        what = "1 trigger that is" if pending == 1 else f"{pending:,} triggers that are"
        yield f"Left out: {what} still to be created by terraform apply."


def _placed(violation: Violation, place: str) -> Violation:
    path = f"{place}.{violation.path}" if violation.path else place
    return Violation(path=path, message=violation.message)
