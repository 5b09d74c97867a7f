"""Which triggers a job is narrowed to: globs and names, domains, targets, what is to be left out.

Names are those that are sent: of a line that a domain map gives another domain, that other one.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Self

from msgspec import Struct

from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.updates.target_names import TargetNames


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was asked for; an empty member narrows nothing.

    ``only`` and ``exclude``: globs, case-sensitive, of the name of a trigger, or of
    ``domain/name`` where they hold a slash; ``names``: of a file, taken literally, likewise;
    ``domains``: names; ``targets``: names, accounts, or globs of names. A trigger is selected that
    ``only`` or ``names`` have, in one of the ``domains`` of one of the ``targets``, and that
    ``exclude`` has not.
    """

    only: tuple[str, ...]
    exclude: tuple[str, ...]
    domains: tuple[str, ...]
    names: tuple[str, ...] | None
    targets: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        only: Iterable[str] = (),
        exclude: Iterable[str] = (),
        domains: Iterable[str] = (),
        names: Iterable[str] | None = None,
        targets: Iterable[str] = (),
    ) -> Self | None:
        """One of these, equal to any other of the same meaning; None where all is selected."""
        found = cls(
            only=_sorted(only),
            exclude=_sorted(exclude),
            domains=_sorted(domains),
            names=None if names is None else _sorted(names),
            targets=_sorted(targets),
        )
        narrows = found.only or found.exclude or found.domains or found.targets
        return found if narrows or names is not None else None

    def __str__(self) -> str:
        """The flags that say so; of a file how many names it has."""
        words = [f"--{flag} {shlex.quote(text)}" for flag, text in self.pieces()]
        if self.names is not None:
            words.append(f"--only-file ({len(self.names):,} names)")
        return " ".join(words)

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Flag and text of each glob, domain and target."""
        for flag, texts in (
            ("only", self.only),
            ("exclude", self.exclude),
            ("domain", self.domains),
            ("only-target", self.targets),
        ):
            yield from ((flag, text) for text in texts)


class Selector:
    """Selects triggers, and remembers which pieces of the selection had none.

    ``targets``: those that there are. Raises SettingsError for a target that is none of them: it
    would be a slip.
    """

    def __init__(self, selection: Selection, targets: TargetNames | None = None) -> None:
        self.selection = selection
        self._targets = targets or TargetNames(names=frozenset(), accounts={}, is_open=True)
        self._pieces_of: dict[str, list[str]] = {}  # by target: what of the selection names it
        self._refuse_no_target()
        self._names = frozenset(selection.names or ())
        self._narrows = bool(selection.only) or selection.names is not None
        self._unmatched = set(selection.pieces())
        self._unmatched |= {("only-file", name) for name in self._names}

    def __repr__(self) -> str:
        return f"<Selector {self.selection}: {len(self._unmatched)} of it matched nothing so far>"

    def takes(self, domain: str, trigger: str, target: str = "") -> bool:
        """Whether that trigger is selected; ``target``: its name, where there may be several."""
        of_target = not self.selection.targets or self._is_of_target(target)
        return self._takes_name(domain, trigger) and of_target

    def _takes_name(self, domain: str, trigger: str) -> bool:
        whole, wanted = f"{domain}/{trigger}", self.selection
        chosen = self._matches("only", wanted.only, trigger, whole)
        for name in (trigger, whole):
            if name in self._names:
                self._unmatched.discard(("only-file", name))
                chosen = True
        excluded = self._matches("exclude", wanted.exclude, trigger, whole)
        inside = domain in wanted.domains
        if inside:
            self._unmatched.discard(("domain", domain))
        return (chosen or not self._narrows) and (inside or not wanted.domains) and not excluded

    def may_take_of(self, domain: str, target: str = "") -> bool:
        """Whether some trigger of that domain could be selected, so far as globs tell."""
        wanted = self.selection
        if wanted.targets and not self._named(target):
            return False
        if wanted.domains and domain not in wanted.domains:
            return False
        places = [glob[:-2] for glob in wanted.exclude if glob.endswith("/*")]
        if any("/" not in place and fnmatchcase(domain, place) for place in places):
            return False
        named = any(name.partition("/")[0] == domain or "/" not in name for name in self._names)
        return not self._narrows or named or any(_of(glob, domain) for glob in wanted.only)

    def unmatched(self) -> list[str]:
        """What of the selection no trigger had so far, in words."""
        return [f"--{flag} {shlex.quote(text)}" for flag, text in sorted(self._unmatched)]

    def _is_of_target(self, name: str) -> bool:
        pieces = self._named(name)
        self._unmatched.difference_update(("only-target", each) for each in pieces)
        return bool(pieces)

    def _named(self, target: str) -> list[str]:
        """What of the selection names that target."""
        if (found := self._pieces_of.get(target)) is None:
            is_meant = self._targets.is_meant
            found = [each for each in self.selection.targets if is_meant(each, target)]
            self._pieces_of[target] = found
        return found

    def _refuse_no_target(self) -> None:
        for text in () if self._targets.is_open else self.selection.targets:
            if not self._targets.matching(text):
                raise SettingsError(
                    f"--only-target: {self._targets.refusal(text, printable(text))}."
                )

    def _matches(self, flag: str, globs: Sequence[str], trigger: str, whole: str) -> bool:
        found = False
        for glob in globs:
            if fnmatchcase(whole if "/" in glob else trigger, glob):
                self._unmatched.discard((flag, glob))
                found = True
        return found


def _of(glob: str, domain: str) -> bool:
    """Whether a glob can match triggers of a domain; those with a set are not looked into."""
    place, slash, _ = glob.partition("/")
    return not slash or "[" in glob or fnmatchcase(domain, place)


def _sorted(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))
