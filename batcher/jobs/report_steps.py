"""What a report says to do: about each kind of failure, now, and to do the same again.

Commands are whole, so that they can be pasted into a shell; what a run directory knows of places
and credentials is not said again.
"""

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from batcher.accounting.remedies import Remedy, remedy
from batcher.config import OF_LINT, OF_PLACE, Settings, options
from batcher.jobs.report_results import GroupKey
from batcher.number_text import several
from batcher.records import Counts
from batcher.report.run_report import FailedUpdate, NextStep, RunState
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK, RunManifest
from batcher.storage.run_retries import RETRY
from batcher.storage.stored_path import stored_path

_OF_STATUS = {
    "in_doubt": "No request was answered: AWS may have applied it, or not. To see which:",
    "partial": (
        "It was put back, but for what an update can't take away. To put it back in full, by"
        " deleting the trigger and creating it anew:"
    ),
    "differs": (
        "AWS accepted it, and its answer is not as asked. A retry leaves it alone; to put back what"
        " the run has changed:"
    ),
    "invalid": "The line breaks a rule, and was never sent. To see what is wrong with it:",
}
_OF_REMEDY = {
    Remedy.RETRY: "The same once more may succeed:",
    Remedy.ALLOW: "Allow it to these credentials, or give others; then send it once more:",
    Remedy.FIND: "There is no such trigger, or none to be seen. To look which there are:",
    Remedy.CORRECT: "Sent as it is it fails again. To correct the lines in a copy, and run that:",
}


class ReportedRun(Struct, frozen=True, kw_only=True):
    """The run that commands are for."""

    directory: RunDirectory
    manifest: RunManifest

    @property
    def path(self) -> Path:
        return self.directory.path.absolute()

    @property
    def input(self) -> str:
        """The input as a command takes it: a path, or an address."""
        text = self.manifest.input.path
        return text if "://" in text and not text.startswith("file://") else str(stored_path(text))

    def to_mend(self, key: GroupKey, examples: list[FailedUpdate]) -> tuple[str, str | None]:
        """What to do about failures of one kind, and the command for it, if any."""
        status, code = key
        if status == "in_doubt":
            return _OF_STATUS[status], command("verify", self.path, "--in-doubt-only")
        if status == "partial":
            parent = self.manifest.parent or str(self.path)
            again = command("rollback", stored_path(parent), "--recreate")
            return self._with_reason(_OF_STATUS[status]), again
        if status == "differs":
            return self._with_reason(_OF_STATUS[status]), command("rollback", self.path)
        if status == "invalid":
            text = f"{_OF_STATUS[status].removesuffix(':')}{self._config()}:"
            return text, self.on_input("validate")
        if status == "stale":
            return self._after_stale()
        return self._after_failure(code, examples)

    def _after_stale(self) -> tuple[str, str | None]:
        was = "Somebody changed the trigger since, and it was left alone."
        if self.manifest.kind == ROLLBACK and self.manifest.parent is not None:
            again = command("rollback", stored_path(self.manifest.parent), "--force")
            return self._with_reason(f"{was} To put it back all the same:"), again
        text = f"{was} To see what the updates would change now{self._config()}:"
        return text, self.on_input("plan")

    def _after_failure(self, code: str, examples: list[FailedUpdate]) -> tuple[str, str | None]:
        found = remedy(code)
        if found is Remedy.FIND:
            first = next((each for each in examples if each.domain), None)
            of = ("--all",) if first is None else ("--domain", first.domain or "")
            place = self.place(None if first is None else first.target)
            return _OF_REMEDY[found], command("export", None, *of, *place)
        if found is Remedy.CORRECT:
            copy = f"{self.path.name.removesuffix('.run')}.corrected.jsonl"
            copying = shell_text(["cp", "-i", "--", str(self.directory.failed.absolute()), copy])
            text = f"{_OF_REMEDY[found].removesuffix(':')}{self._config()}:"
            return text, f"{copying} && {command('run', Path(copy), *self.place())}"
        retried = command("retry", self.path, *(("--code", code) if code else ()))
        return self._with_reason(_OF_REMEDY.get(found, _OF_REMEDY[Remedy.RETRY])), retried

    def on_input(self, name: str) -> str | None:
        """A command on the input of the run; None where that is no file any more."""
        if self.input == "-":
            return None
        return command(name, self.input, *(self.place() if name != "validate" else ()))

    def place(self, target: str | None = None) -> list[str]:
        """The flags that say where requests go, and as whom; of one target, or of the run."""
        settings = self.manifest.settings
        own = settings.get("targets", {}).get(target, {})
        given = {name: value for name, value in own.items() if value is not None}
        name = settings.get("target") if target is None else target
        if target is None and len(settings.get("targets", {})) > 1:
            name = None  # said in the file with their tables, without which nothing goes there
        return flags({**settings, **given, "target": name}, only=OF_PLACE)

    def next_steps(
        self, counts: Counts, state: RunState, *, undone: bool, maybe_sent: int = 0
    ) -> Iterator[NextStep]:
        """What can be done now.

        ``undone``: something has put it back; ``maybe_sent``: so many without a result may have
        been sent.
        """
        if state == "under_way":
            text = "To see how far it is, and to pause, slow down or stop it:"
            yield NextStep(text=text, command=command("ctl", self.path, "status"))
            return
        if counts.not_started and not undone:
            text = f"To go on with what is left{self._not_kept()}:"
            yield NextStep(text=text, command=self.again())
        if maybe_sent:
            text = (
                f"To see which of {several(maybe_sent, 'update')} without a result were changed,"
                " without sending anything:"
            )
            yield NextStep(text=text, command=command("verify", self.path, "--in-doubt-only"))
        if (counts.in_doubt or counts.maybe_applied) and not maybe_sent:
            text = "To settle what is in doubt, by looking at the live triggers:"
            yield NextStep(text=text, command=command("verify", self.path, "--in-doubt-only"))
        if counts.failed or counts.in_doubt:
            text = "To send again what failed or is in doubt:"
            if _fails_again(counts):
                text = "What failed fails again as it is, see below what helps. To send it then:"
            yield NextStep(text=self._with_reason(text), command=command("retry", self.path))
        has_images = self.directory.before.exists() and self.manifest.kind != ROLLBACK
        may = counts.succeeded + counts.differs + counts.maybe_applied + maybe_sent
        if has_images and not undone and may:
            text = self._with_reason("To put back what it has changed:")
            yield NextStep(text=text, command=command("rollback", self.path))
        yield NextStep(
            text="To hold the books and the live triggers against what was asked:",
            command=command("verify", self.path),
        )

    def reproduce(self, chain: str, lines: int) -> Iterator[NextStep]:
        """How to do the same again, and how to prove what is told."""
        manifest = self.manifest
        if self.input != "-":
            text = f"The input has the SHA-256 {manifest.input.sha256}; to see that it still has:"
            yield NextStep(text=text, command=self._digest())
        packages = [
            f"{name}=={manifest.versions[name]}" for name in _PACKAGES & manifest.versions.keys()
        ]
        if packages:
            text = f"The versions that it ran with, under Python {manifest.versions.get('python')}:"
            yield NextStep(text=text, command=shell_text(["pip", "install", *sorted(packages)]))
        yield NextStep(text=self._same_again(), command=self.again())
        yield NextStep(
            text=(
                f"The chain of results.jsonl ends in {chain or 'nothing'} after {lines:,} lines: an"
                " edited, lost, added or swapped line changes that, and is found by"
            ),
            command=command("verify", self.path),
        )

    def _same_again(self) -> str:
        return (
            f"The same command{self._not_kept()}; it goes on with this run, and with another --out"
            " it does all of it again:"
        )

    def _digest(self) -> str:
        """What tells the SHA-256 of the lines of the input, which are packed in some."""
        unpack = {".gz": " | gzip -dc", ".zst": " | zstd -dc"}.get(Path(self.input).suffix, "")
        if "://" in self.input:
            return shell_text(["aws", "s3", "cp", self.input, "-"]) + f"{unpack} | sha256sum"
        if unpack:
            return shell_text(["cat", "--", self.input]) + f"{unpack} | sha256sum"
        return shell_text(["sha256sum", "--", self.input])

    def _not_kept(self) -> str:
        """What else the command of the run takes, as it was given it, for a sentence."""
        found, manifest = [self._config().removeprefix(", ")], self.manifest
        chosen = "--domain, --only and the like"
        found += {
            RETRY: [f"with the --code, {chosen} that it was given"],
            ROLLBACK: [f"with the --force, --since, --until, {chosen} that it was given"],
        }.get(manifest.kind, [])
        if manifest.selection is not None and manifest.selection.names is not None:
            names = several(len(manifest.selection.names), "name")
            found.append(f"with the file of {names} in place of {_NAMES}")
        if str(manifest.settings.get("check")).endswith(" …"):
            found.append("with the arguments of its --check in place of …")
        return "".join(f", {each}" for each in found if each)

    def _config(self) -> str:
        """Which tables of settings a command takes that no flag can give, for a sentence."""
        known = self.manifest.settings  # one table may have made all of the targets
        tables = ["the tables of its targets"] if known.get("targets") else []
        tables += ["[[hooks]]"] if known.get("hooks") else []
        return f", with a --config that has {' and '.join(tables)}" if tables else ""

    def _with_reason(self, text: str) -> str:
        """What a command is for, and what has to be given to it as somebody has to know it."""
        return f"{text.removesuffix(':')}{reason_for(self.manifest)}:"

    def again(self) -> str:
        """The command of the run, as far as it is kept."""
        manifest = self.manifest
        if manifest.kind != "run" and manifest.parent is not None:
            parent = stored_path(manifest.parent)
            known = manifest.settings
            left_out = {*OF_LINT, "target"}  # its lines name theirs
            said = flags({name: value for name, value in known.items() if name not in left_out})
            if manifest.kind == ROLLBACK and manifest.recreate:
                said.append("--recreate")
            return command(manifest.kind, parent, "--out", str(self.path), *said)
        said, selection = flags(manifest.settings), manifest.selection
        if selection is not None:
            said += [word for flag, text in selection.pieces() for word in (f"--{flag}", text)]
            said += [] if selection.names is None else ["--only-file", _NAMES]
        return command("run", self.input, "--out", str(self.path), *said)


def reason_for(manifest: RunManifest) -> str:
    """What a command that changes the same takes for protected targets, for a sentence."""
    settings, tables = manifest.settings, manifest.settings.get("targets", {})
    own = (tables.get(name, {}).get("protected") for name in manifest.targets)
    if not any(settings.get("protected") if each is None else each for each in own):
        return ""
    return ", with a --reason, and --confirm NAME of what is protected"


def _fails_again(counts: Counts) -> bool:
    """Whether nothing of what failed gets better by being sent once more."""
    of_lines = {Remedy.FIND, Remedy.CORRECT}
    found = {remedy(code) for code in counts.errors} - {Remedy.BY_STATUS}
    return not counts.in_doubt and bool(found) and found <= of_lines


_NAMES = "NAMES"  # stands for a file that is not kept
_PACKAGES = {"batcher", "aiobotocore", "botocore"}


def command(name: str, path: Path | str | None, *more: str) -> str:
    """A command of batcher's, on that path if any."""
    text = "" if path is None else str(path)
    given = [f"./{text}" if text.startswith("-") and text != "-" else text] if text else []
    return shell_text(["batcher", name, *given, *more])


def shell_text(words: Iterable[str]) -> str:
    """Words as a shell takes them, also those of bytes that are no UTF-8."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    if not word.isprintable():  # a shell's own escapes, so that it is one line wherever it is shown
        bytes_ = os.fsencode(word)
        shown = (chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in bytes_)
        return f"$'{''.join(shown)}'"
    return shlex.quote(word)


def flags(settings: dict[str, Any], only: frozenset[str] | None = None) -> list[str]:
    """The flags that bring settings about, as ``run.json`` keeps these; of all, or of some."""
    default, found = Settings().as_json(), list[str]()
    for option in options():
        value = settings.get(option.name)
        wanted = only is None or option.name in only
        if not wanted or option.name not in default or "run" not in option.entry_points:
            continue
        if value is None or value == default[option.name]:
            continue
        if isinstance(value, bool):
            found.append(option.flag if value else option.flag.replace("--", "--no-", 1))
        else:
            whole = isinstance(value, float) and value.is_integer()
            found += [option.flag, str(int(value) if whole else value)]
    return found
