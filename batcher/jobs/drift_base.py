"""What live triggers are held against: an export, or the end state of a run. Only reads files."""

from array import array
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from batcher.accounting.tally import CHANGED
from batcher.compact import LineSet
from batcher.config import Settings
from batcher.error_codes import IN_DOUBT, NOT_AS_ASKED, NOT_RECREATED
from batcher.errors import InputError, RunDirectoryError
from batcher.jobs.base_triggers import BaseTriggers
from batcher.jobs.export_lines import refused_line
from batcher.jobs.recorded_images import refuse_lost_images
from batcher.jobs.rewrite import is_half_rewritten
from batcher.jobs.run_family import family_of, is_same
from batcher.jobs.run_reader import RunReader
from batcher.jobs.trigger_keys import TriggerKey
from batcher.jobs.undo import rollbacks_of
from batcher.operations import NEEDED_TO_CREATE
from batcher.records import Error, Result, SelectedPart, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import plain_file
from batcher.storage.before_images import read_members_of
from batcher.storage.spooled_records import SpooledRecords
from batcher.target_identity import TargetIdentity
from batcher.triggers.diff import digest, image, is_off, merged, same
from batcher.triggers.drift import BaseTrigger
from batcher.triggers.omission import cleared
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model, line_reader


class DriftBase(Struct, frozen=True, kw_only=True):
    """What is known of each trigger, and why the others can't be told (``untold``).

    ``whole_domains``: it has all triggers that the domains had, so that others are new. Of a run:
    its directory (``run``), its ``places`` by target, and the runs that have changed triggers after
    it (``followed_by``); ``unheld``: updates of triggers that it left in no known state.
    ``part``: what of it was selected, None for all; ``left_out``: the domains, each with its
    target, of which that leaves no trigger here, and may take new ones.
    """

    triggers: BaseTriggers
    untold: dict[TriggerKey, Error] = {}
    whole_domains: bool = True
    run: str | None = None
    places: Mapping[str, TargetIdentity] = {}
    followed_by: list[Path] = []
    unheld: int = 0
    part: SelectedPart | None = None
    left_out: frozenset[tuple[str, str]] = frozenset()

    @property
    def in_part(self) -> int:
        """Of how many triggers it knows some members alone, and no digest of the rest."""
        known = self.triggers.values()
        return sum(not (each.complete or each.sha256 is not None) for each in known)


def read_base(origin: str, settings: Settings, selector: Selector | None = None) -> DriftBase:
    """Read what live triggers are to be held against.

    ``origin``: a run directory, or an export, a file as everywhere (``.gz``, ``.zst``, ``-``,
    ``s3://…``) with a whole trigger in each line. ``selector``: only triggers that it takes.
    Raises InputError for a file that can't be read or breaks a rule, and where there is nothing to
    hold; of a run RunDirectoryError, DamageError, as ``verify_run`` does.
    """
    if not Path(origin).is_dir():
        found = DriftBase(triggers=_exported(origin, settings))
    else:
        run = RunReader(Path(origin), line_reader(settings, any_target=True))
        with run.directory:
            found = _end_state(run)
        if not (found.triggers or found.untold):
            left = "the run left no trigger in a state that it knows"
            raise InputError(f"nothing to hold against: {left}.")
    return found if selector is None else _selected(found, selector)


def _selected(base: DriftBase, selector: Selector) -> DriftBase:
    keys = [*base.triggers, *base.untold]
    kept = frozenset(key for key in keys if selector.takes(key.domain, key.trigger))
    by, left_out = str(selector.selection), len(keys) - len(kept)
    if not kept:
        raise InputError(
            f"nothing to hold against: all {len(keys):,} triggers are left out by {by}. Give"
            " another part."
        )
    domains = {(key.target, key.domain) for key in base.triggers if base.whole_domains}
    domains -= {(key.target, key.domain) for key in kept}
    return replace(
        base,
        triggers=BaseTriggers(each for each in base.triggers.items() if each[0] in kept),
        untold={key: each for key, each in base.untold.items() if key in kept},
        part=SelectedPart(by=by, left_out=left_out, of=len(keys)),
        left_out=frozenset(each for each in domains if selector.may_take_of(each[1])),
    )


def _exported(origin: str, settings: Settings) -> BaseTriggers:
    """The triggers of an export."""
    reader, found = line_reader(settings), BaseTriggers()
    with plain_file(origin, settings) as path, open_input(path, origin) as file:
        for line, _, raw in file.lines():
            if (update := _read(origin, line, raw, reader, file.head)) is None:
                continue
            key = TriggerKey.of(update)
            if (known := found.get(key)) is None:
                found.put(key, _base_trigger(origin, update))
            elif not same(update.request, known.members) or not same(known.members, update.request):
                twice = "a trigger is there twice, and not the same; a base has each once"
                raise InputError(f"{origin}: line {line}: {twice}. Leave one of them out.")
    if not found:
        raise InputError(f"{origin}: no triggers in it; it is empty.")
    return found


def _read(origin: str, line: int, raw: bytes, reader: LineReader, head: bytes) -> Update | None:
    update = reader.read(raw, line)
    if isinstance(update, Update) or update is None:
        return update
    raise refused_line(origin, line, update, head, reader.model)


def _base_trigger(origin: str, update: Update) -> BaseTrigger:
    """The trigger of a line that says how it was, as a whole."""
    export = "Give what batcher export writes, or a run directory."
    for name in NEEDED_TO_CREATE:
        if is_off(update.request.get(name)):
            why = f"{name} is missing, so it is a change of a trigger and no whole one"
            raise InputError(f"{origin}: line {update.line}: {why}. {export}")
    base, writable = update.based_on, installed_update_model().writable
    if base is not None and base.sha256 != digest(update.request, writable):
        why = "it says what is to become of the trigger it is based on, not how that was"
        raise InputError(f"{origin}: line {update.line}: {why}. {export}")
    moment = None if base is None else base.last_updated_at
    return BaseTrigger(members=update.request, complete=True, last_updated_at=moment)


def _end_state(run: RunReader) -> DriftBase:
    """What the triggers of a run were when it had ended, as far as its books tell."""
    if is_half_rewritten(run.journals.known):
        raise RunDirectoryError(
            f"{run.where}: its results are half rewritten. Run batcher verify: it brings that to"
            " its end."
        )
    refuse_lost_images(run)
    last, untold = _last_results(run)
    found = BaseTriggers()
    lines = {each.line: each for results in last.values() for each in results}
    del last
    images = _Images(run, lines)
    for update in run.updates(sorted(lines)):
        key = _key(run, update.target, update.domain, update.trigger)
        before, result = found.get(key), lines[update.line]
        found.put(key, _left_by(update, result, images.of(update.line), before))
    family = family_of(run.directory).retries
    retries = [each.path for each in family if not is_same(each, run.directory)]
    return DriftBase(
        triggers=found,
        untold=untold,
        whole_domains=False,
        run=run.where,
        places=run.manifest.targets,
        followed_by=[*retries, *rollbacks_of(run.place)],
        unheld=_count_unheld(run, lambda key: key in found or key in untold),
    )


class _Images:
    """What the triggers of lines were before, as far as that was kept: 8 bytes a line of the run.

    Of an update with several images the last one counts.
    """

    def __init__(self, run: RunReader, lines: Container[int]) -> None:
        self._begins = array("Q")  # by line, from 1; 0: there is none
        self._members = SpooledRecords(dict[str, Any])
        names = {each.id: each.line for some in run.named() for each in some if each.line in lines}
        if not names or not run.directory.before.exists():
            return
        self._begins.frombytes(bytes(self._begins.itemsize * (max(names.values()) + 1)))
        for id, members in read_members_of(run.journals.before, names):
            self._begins[names[id]] = self._members.put(dict(members)) + 1

    def __repr__(self) -> str:
        return f"<_Images of {len(self._begins):,} lines>"

    def of(self, line: int) -> dict[str, Any] | None:
        """What the trigger of a line was; None where that was not kept."""
        begin = self._begins[line] if line < len(self._begins) else 0
        return self._members.at(begin - 1) if begin else None


class _Last(Struct, frozen=True, kw_only=True, gc=False):
    """What is needed of the last results of each trigger."""

    line: int
    status: str
    digest: str | UnsetType | None

    @classmethod
    def of(cls, result: Result) -> "_Last":
        return cls(line=result.line, status=result.status, digest=result.digest)


def _count_unheld(run: RunReader, is_held: Callable[[TriggerKey], bool]) -> int:
    """How many updates are of other triggers: refused, stale or not started."""
    total, done, of_held = sum(map(len, run.indexes.values())), LineSet(), 0
    for result in run.results():
        done.add(result.line)
        if result.domain is not None and result.trigger is not None:
            of_held += is_held(_key(run, result.target, result.domain, result.trigger))
    if len(done) < total:
        of_held += sum(
            is_held(_key(run, each.target, each.domain, each.trigger))
            for each in run.updates_but(done)
        )
    return total - of_held


def _key(run: RunReader, target: str, domain: str, trigger: str) -> TriggerKey:
    """One key for a trigger of the run, whichever names of its place its updates use."""
    return TriggerKey(run.one_target(target), domain, trigger)


def _last_results(
    run: RunReader,
) -> tuple[dict[TriggerKey, list[_Last]], dict[TriggerKey, Error]]:
    """Of each trigger the results that say what it is now, or why none does.

    Those of updates that were refused say nothing of it, and leave what earlier ones made of it.
    """
    last, untold = dict[TriggerKey, list[_Last]](), dict[TriggerKey, Error]()
    for result in run.results():
        if result.domain is None or result.trigger is None:
            continue
        key = _key(run, result.target, result.domain, result.trigger)
        if (why := _loses(result)) is not None:
            last.pop(key, None)
            untold[key] = why
        elif result.status in CHANGED:
            earlier = last.get(key, []) if result.digest is UNSET else []
            last[key] = [*earlier, _Last.of(result)]
            if result.digest is not UNSET:
                untold.pop(key, None)
    return last, {key: error for key, error in untold.items() if key not in last}


def _loses(result: Result) -> Error | None:
    """Why nobody knows what a trigger is after that result; None where that is known."""
    said, code = f"line {result.line} of the run", IN_DOUBT
    if result.status == "in_doubt":
        said = f"{said} is in doubt: batcher verify settles it"
    elif result.status == "failed" and result.lost is not UNSET:
        code, said = NOT_RECREATED, f"{said} deleted it, and could not create it anew"
    elif result.status == "differs" and result.digest is UNSET:
        code, said = NOT_AS_ASKED, f"{said} was not applied as asked, and how is not kept"
    else:
        return None
    return Error(code=code, message=said)


def _left_by(
    update: Update, result: _Last, kept: Mapping[str, Any] | None, before: BaseTrigger | None
) -> BaseTrigger:
    """What an update has made of its trigger. ``kept``: its before image."""
    writable = installed_update_model().writable
    known = {} if result.status == "differs" else update.request
    if result.digest is UNSET:
        if before is not None and result.status == "unchanged":
            return before
        earlier = {} if before is None else before.members
        return BaseTrigger(members={**earlier, **known}, complete=False)
    image_of = image(kept or {}, writable)
    makes = merged(update.request, image_of, writable), cleared(update.request, image_of)
    for made in (*makes, update.request):
        if digest(made, writable) == result.digest:
            return BaseTrigger(members=made, complete=True, sha256=result.digest)
    return BaseTrigger(members=known, complete=False, sha256=result.digest)
