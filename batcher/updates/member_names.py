"""Which member of the model is meant by a name that it does not know.

By rule: how the name is written, where else the model has it, what the value says, and which words
the names have in common. A table holds only what no rule can know: other tools' words.
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from batcher.operations import UPDATE_TRIGGER
from batcher.updates.json_schema import Schema, dereferenced

NAME_READ_AT_MOST = 64  # characters of a name that is compared
MISSPELT = 0.85  # how alike a name and a known one are that it is a slip of the pen, by difflib
PART_AT_LEAST = 5  # characters by which a part of a known name stands for it
WORDS_AT_LEAST = 0.4  # what the words in common weigh; one that no other name has weighs 1
KEPT = 4096  # names of which it is kept what is meant
DEPTH = 12  # of members within each other
BY_OTHER_WORD = 0.8  # what a word weighs that stands in the table
LAST_WORD = 0.1  # what it weighs more that a name ends with the word: that says what it is

_OBJECT = UPDATE_TRIGGER.removeprefix("Update").lower()
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# words of other tools, and the word of the model
_OTHER_WORDS = {
    word: meant
    for meant, words in {
        "max": "maximum most cap count",
        "invocation": "execution firing fire send message",
        "period": "frequency interval window duration cooldown rate",
        "operator": "op type kind comparator match relation predicate",
        "field": "attribute column key property",
        "source": "path",
        "value": "operand literal threshold",
        "expiration": "ttl expiry expire timeout latency age delay",
        "segment": "audience cohort",
        "condition": "rule criteria criterion expression when",
        "logical": "logic boolean combine join",
        "unlimited": "infinite",
        "description": "comment note",
    }.items()
    for word in words.split()
}
# what a line says of its place in other tools' words, and the member of ours that says it
_OTHER_NAMES = dict.fromkeys(
    ("account", "accountid", "accountnumber", "awsaccount", "awsaccountid"), "target"
)
# with one of these a name says the opposite of what is like it
_TURNING = frozenset(
    ["not", "no", "non", "without", "except", "exclude", "exclusion", "min", "minimum", "limited"]
)


class Member(Struct, frozen=True, kw_only=True):
    """A member of the model. ``place``: the names from the line down to it, its own last.

    ``text``: the path to it, through every entry of the lists above it.
    """

    place: tuple[str, ...]
    text: str
    schema: Schema

    @property
    def name(self) -> str:
        return self.place[-1]


class MemberNames:
    """The members of a model, to be found by other names.

    ``answered``: members that only the API's answers have.
    """

    def __init__(self, schema: Schema, answered: frozenset[str]) -> None:
        self._members = list(members_of(schema))
        self._answered = {folded(name) for name in answered}
        self._by_name = {folded(each.name): each for each in reversed(self._members)}
        words = Counter(word for each in self._members for word in set(_words(each.name)))
        self._weights = {word: 1 / count for word, count in words.items()}
        self._at: dict[tuple[str, ...], dict[str, Member]] = {}
        for each in self._members:
            self._at.setdefault(each.place[:-1], {})[folded(each.name)] = each
        constants = (option for each in self._members for option in each.schema.get("enum", ()))
        self._telling = {*self._by_name, *map(folded, constants)}
        self._found = lru_cache(KEPT)(self._find)
        self._shown = lru_cache(KEPT)(self._may_show)

    def is_public(self, name: str) -> bool:
        """Whether a name is one of the model's, however it is written."""
        return folded(name) in self._by_name or self.is_answered(name)

    def is_answered(self, name: str) -> bool:
        """Whether only the API's answers have a member of that name, however it is written."""
        return folded(name) in self._answered

    def may_be_shown(self, name: str, place: Sequence[str]) -> bool:
        """Whether a name in the object at that place is no data: public, or a slip of the pen."""
        return self._shown(name[: NAME_READ_AT_MOST + 1], tuple(place))

    def spelled(self, name: str, place: Sequence[str]) -> str | None:
        """The member at that place that has this name in other letters; None where none has."""
        found = self._at.get(tuple(place), {}).get(folded(name))
        return None if found is None else found.name

    def at(self, place: Sequence[str]) -> list[Member]:
        """The members of the object at that place."""
        return list(self._at.get(tuple(place), {}).values())

    def meant(self, name: str, value: object, place: Sequence[str]) -> Member | None:
        """The member that is most likely meant by a name in the object at that place."""
        is_short = isinstance(value, str) and len(value) <= NAME_READ_AT_MOST
        word = folded(value) if is_short and isinstance(value, str) else ""
        told = word if word in self._telling else ""  # nothing else of a value is kept
        return self._found(name[:NAME_READ_AT_MOST], told, tuple(place))

    def _may_show(self, name: str, place: tuple[str, ...]) -> bool:
        known = [each.name for each in self.at(place)]
        return self.is_public(name) or is_alike(name, known, MISSPELT)

    def _find(self, given: str, told: str, place: tuple[str, ...]) -> Member | None:
        here, below = self.at(place), self._below(place)
        rest = [each for each in self._members if each.name[0].isupper()]
        rest = [each for each in rest if each.place != place[: len(each.place)]]
        found = (
            _called_otherwise(given, here if not place else ())
            or _written_otherwise(given, here)
            or _written_otherwise(given, below)
            or _written_otherwise(given, rest)
            or _longer(given, here)
            or _misspelt(given, here, MISSPELT)
            or self._told_by_value(told, (here, below, rest))
            or self._of_same_words(given, place, [*here, *below], _OTHER_WORDS)
            or self._of_same_words(given, place, rest, {})
            or _misspelt(given, here, 0.6)
        )
        turning = _TURNING.intersection(_words(given))
        return found if found and turning.issubset(_words(found.name)) else None

    def outline(self, place: Sequence[str]) -> str:
        """The members of an object, in words; with those in them, but for the whole line."""
        below = "" if not place else self._outline_below
        return ", ".join(
            each.name + (below(each) if callable(below) else "") for each in self.at(place)
        )

    def _outline_below(self, member: Member) -> str:
        inside = self.outline(member.place)
        return f" (in it: {inside})" if inside else ""

    def _below(self, place: Sequence[str]) -> list[Member]:
        start = tuple(place)
        return [
            each
            for each in self._members
            if each.place[:-1][: len(start)] == start and each.name[0].isupper()
        ]

    def _told_by_value(self, told: str, groups: Sequence[list[Member]]) -> Member | None:
        """The member whose constant the value is, or whose name."""
        for group in groups:
            for each in group:
                if any(folded(option) == told for option in each.schema.get("enum", ())):
                    return each
        named = self._by_name.get(told)
        return named if named is not None and named.name[0].isupper() else None

    def _of_same_words(
        self, name: str, place: Sequence[str], members: list[Member], others: Mapping[str, str]
    ) -> Member | None:
        """The one member with the rarest words of a name, but for those of the objects around it.

        ``others``: words of other tools that count as well; without them these say nothing.
        """
        above = {word for each in place for word in _words(each)}
        words = [word for word in _words(name) if word not in above] or _words(name)
        words = [word for word in words if others or word not in _OTHER_WORDS]
        scores = [(self._in_common(words, each, others), each) for each in members]
        best = max((score for score, _ in scores), default=0.0)
        found = [each for score, each in scores if score == best]
        return (
            found[0] if best >= WORDS_AT_LEAST and len({each.text for each in found}) == 1 else None
        )

    def _in_common(self, words: Sequence[str], member: Member, others: Mapping[str, str]) -> float:
        known = set(_words(member.name))
        told = {word for word in words if word in known}
        meant = {others.get(word, "") for word in words} & known - told
        weigh = self._weights.__getitem__
        last = LAST_WORD if words and words[-1] in told else 0.0
        return sum(map(weigh, told)) + BY_OTHER_WORD * sum(map(weigh, meant)) + last


def members_of(schema: Schema) -> Iterator[Member]:
    """The members of a line, each before those below it. ``schema``: of an update."""
    return _members(schema, schema, (), "")


def folded(name: str) -> str:
    """A name without what only sets off its words: of several spellings one."""
    return re.sub("[-_ ]", "", name).lower()


def _words(name: str) -> list[str]:
    """The words of a name, in small letters and in the singular."""
    words = (word.lower() for word in _WORD.findall(name[:NAME_READ_AT_MOST]))
    return [word[:-1] if len(word) > 3 and word[-1] == "s" != word[-2] else word for word in words]


def _members(root: Schema, schema: Schema, place: tuple[str, ...], text: str) -> Iterator[Member]:
    """The members of a schema, those nearer to the line first in each branch."""
    for name, below in _properties(schema).items():
        rule, ending = dereferenced(below, root), ""
        while "items" in rule:
            rule, ending = dereferenced(rule["items"], root), ending + "[]"
        own = Member(place=(*place, name), text=f"{text}{name}", schema=dereferenced(below, root))
        yield own
        if len(place) < DEPTH:
            yield from _members(root, rule, own.place, f"{own.text}{ending}.")


def _properties(schema: Schema) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("properties", {})
    return found


def _written_otherwise(name: str, members: list[Member]) -> Member | None:
    """A name in other letters or another number, or without the word that many begin with."""
    given = folded(name)
    known = {folded(each.name): each for each in reversed(members)}
    spellings = (given, f"{given}s", given.removesuffix("s"), _OBJECT + given)
    return next((known[each] for each in spellings if each in known), None)


def _called_otherwise(name: str, members: Iterable[Member]) -> Member | None:
    ours = _OTHER_NAMES.get(folded(name))
    return next((each for each in members if each.name == ours), None)


def _longer(name: str, members: list[Member]) -> Member | None:
    """The shortest that has the name in it, of the model's own where there are such."""
    given = folded(name)
    if len(given) < PART_AT_LEAST:
        return None
    longer = [each for each in members if given in folded(each.name)]
    longer = [each for each in longer if each.name[0].isupper()] or longer
    return min(longer, key=lambda each: len(each.name), default=None)


def _misspelt(name: str, members: list[Member], alike: float) -> Member | None:
    near = nearest(name, [each.name for each in members], alike)
    return next((each for each in members if each.name == near), None)


def nearest(name: str, known: Iterable[str], alike: float) -> str | None:
    """Which of those is most like a name, in whatever letters it is written; None where none is."""
    by_letters = {folded(each): each for each in known}
    near = difflib.get_close_matches(folded(name), by_letters, 1, alike)
    return by_letters[near[0]] if near else None


def is_alike(name: str, known: Sequence[str], alike: float) -> bool:
    """Whether a name is one of those but for a slip of the pen."""
    letters = [each.lower() for each in known]
    return bool(difflib.get_close_matches(name.lower()[:NAME_READ_AT_MOST], letters, 1, alike))
