"""What live triggers are held against: an export, or the end state of a run. Only reads files."""

from collections.abc import Callable, Container, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from batcher.compact import LineSet
from batcher.config import Settings
from batcher.error_codes import IN_DOUBT
from batcher.errors import InputError, RunDirectoryError
from batcher.jobs.base_triggers import BaseTriggers
from batcher.jobs.export_lines import refused_line
from batcher.jobs.last_results import LastImages, LastResults, RecordedState, key_in
from batcher.jobs.maybe_sent import is_killed, maybe_sent
from batcher.jobs.recorded_images import refuse_lost_images
from batcher.jobs.rewrite import is_half_rewritten
from batcher.jobs.run_family import family_of, is_same
from batcher.jobs.run_reader import RunReader
from batcher.jobs.trigger_keys import TriggerKey
from batcher.jobs.undo import rollbacks_of
from batcher.operations import NEEDED_TO_CREATE
from batcher.records import Error, SelectedPart, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import plain_file
from batcher.target_identity import TargetIdentity
from batcher.triggers.diff import digest, image, is_off, merged, same
from batcher.triggers.drift import BaseTrigger
from batcher.triggers.omission import cleared
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model, line_reader

TOGETHER = 1 << 10  # lines whose results, updates and images are read together


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
        run.let_go_of_lines()
        if not (found.triggers or found.untold):
            left = "the run left no trigger in a state that it knows"
            raise InputError(f"nothing to hold against: {left}.")
    return found if selector is None else _selected(found, selector)


def _selected(base: DriftBase, selector: Selector) -> DriftBase:
    keys = [*base.triggers, *base.untold]
    kept = frozenset(key for key in keys if selector.takes(key.domain, key.trigger, key.target))
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
        left_out=frozenset(each for each in domains if selector.may_take_of(each[1], each[0])),
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
    last, sent = LastResults(run), _maybe_sent(run)
    found, untold = _left_triggers(run, last, sent), last.untold | sent
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


def _maybe_sent(run: RunReader) -> dict[TriggerKey, Error]:
    """The triggers of updates in flight when the run was ended by force, as far as it looks."""
    found = maybe_sent(run, killed=is_killed(run.directory))
    what = "has no result, and may have been applied: batcher verify tells"
    return {
        key_in(run, each.target, each.domain, each.trigger): Error(
            code=IN_DOUBT, message=f"line {each.line} of the run {what}"
        )
        for each in run.updates(found.lines if found.has_images else ())
    }


def _left_triggers(
    run: RunReader, last: LastResults, untold: Container[TriggerKey]
) -> BaseTriggers:
    """Each trigger as the last of its updates have left it, but for those."""
    found, images, rest = BaseTriggers(), LastImages(run, last), last.lines()
    while lines := list(islice(rest, TOGETHER)):
        updates, results = list(run.updates(lines)), last.read(lines)
        kept = images.read(updates)
        for update in updates:
            key = key_in(run, update.target, update.domain, update.trigger)
            result, image = results[update.line], kept.get(update.line)
            if key not in untold:
                found.put(key, _left_by(update, result, image, found.get(key)))
    return found


def _count_unheld(run: RunReader, is_held: Callable[[TriggerKey], bool]) -> int:
    """How many updates are of other triggers: refused, stale or not started."""
    total, done, of_held = sum(map(len, run.indexes.values())), LineSet(), 0
    for result in chain.from_iterable(run.named()):
        done.add(result.line)
        if result.domain is not None and result.trigger is not None:
            of_held += is_held(key_in(run, result.target, result.domain, result.trigger))
    if len(done) < total:
        of_held += sum(
            is_held(key_in(run, each.target, each.domain, each.trigger))
            for each in run.updates_but(done)
        )
    return total - of_held


def _left_by(
    update: Update,
    result: RecordedState,
    kept: Mapping[str, Any] | None,
    before: BaseTrigger | None,
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
