"""Which triggers a job is narrowed to: globs and names, domains, and what is to be left out.

Names are those that are sent: of a line that a domain map gives another domain, that other one.
"""

import shlex
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Self

from msgspec import Struct


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was asked for; an empty member narrows nothing.

    ``only`` and ``exclude``: globs, case-sensitive, of the name of a trigger, or of
    ``domain/name`` where they hold a slash; ``names``: of a file, taken literally, likewise;
    ``domains``: names. A trigger is selected that ``only`` or ``names`` have, in one of the
    ``domains``, and that ``exclude`` has not.
    """

    only: tuple[str, ...]
    exclude: tuple[str, ...]
    domains: tuple[str, ...]
    names: tuple[str, ...] | None

    @classmethod
    def of(
        cls,
        *,
        only: Iterable[str] = (),
        exclude: Iterable[str] = (),
        domains: Iterable[str] = (),
        names: Iterable[str] | None = None,
    ) -> Self | None:
        """One of these, equal to any other of the same meaning; None where all is selected."""
        found = cls(
            only=_sorted(only),
            exclude=_sorted(exclude),
            domains=_sorted(domains),
            names=None if names is None else _sorted(names),
        )
        narrows = found.only or found.exclude or found.domains or names is not None
        return found if narrows else None

    def __str__(self) -> str:
        """The flags that say so; of a file how many names it has."""
        words = [f"--{flag} {shlex.quote(text)}" for flag, text in self.pieces()]
        if self.names is not None:
            words.append(f"--only-file ({len(self.names):,} names)")
        return " ".join(words)

    def pieces(self) -> Iterator[tuple[str, str]]:
        """Flag and text of each glob and domain."""
        for flag, texts in (
            ("only", self.only),
            ("exclude", self.exclude),
            ("domain", self.domains),
        ):
            yield from ((flag, text) for text in texts)


class Selector:
    """Selects triggers, and remembers which pieces of the selection had none."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._names = frozenset(selection.names or ())
        self._narrows = bool(selection.only) or selection.names is not None
        self._unmatched = set(selection.pieces())
        self._unmatched |= {("only-file", name) for name in self._names}

    def __repr__(self) -> str:
        return f"<Selector {self.selection}: {len(self._unmatched)} of it matched nothing so far>"

    def takes(self, domain: str, trigger: str) -> bool:
        """Whether that trigger is selected."""
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

    def may_take_of(self, domain: str) -> bool:
        """Whether some trigger of that domain could be selected, so far as globs tell."""
        wanted = self.selection
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
