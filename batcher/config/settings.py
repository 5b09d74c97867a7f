"""The settings: one frozen record in which each option is written once, with its help and its unit.

Flags, ``BATCHER_…`` variables, TOML keys and the library's keywords are read off this record.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Annotated, Any, Self, TypedDict

import msgspec
from msgspec import Meta

from batcher.accounting.completion_time import Deadline, LengthOfTime
from batcher.accounting.limit import FailureLimit, Limit
from batcher.accounting.timetable import Timetable
from batcher.accounting.wave_sizes import WaveSizes
from batcher.config.hook_settings import HookSettings
from batcher.config.target_settings import TargetSettings
from batcher.config.value_kinds import (
    COMMANDS,
    DEFAULT_LEASE,
    MOST,
    Collector,
    CommandLine,
    Concurrency,
    Duration,
    Limiter,
    LintCodes,
    LogLevel,
    Positive,
    ProgressForm,
    Rate,
    S3Url,
    Share,
    TargetList,
    TimeZone,
    Token,
    Transport,
    about,
)
from batcher.config.work_labels import Labels, session_tags
from batcher.errors import SettingsError
from batcher.foreign_text import shown_url
from batcher.text_value import parse_kept_text
from batcher.triggers.omission import Whole
from batcher.updates.domain_map import DomainMap
from batcher.updates.json_schema import HIGHEST_PRIORITY
from batcher.updates.target_names import TargetNames, some_names


class Settings(TargetSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set.

    The members of TargetSettings are the defaults of every target.
    """

    target: Annotated[str, about("Name of the target of lines that name none.")] = "default"
    max_attempts: Annotated[Positive, about("Attempts per update; throttles don't count.")] = 8
    deadline: Annotated[
        Deadline | None,
        about(
            "Refuse to start what can't end by then: local time of day, or a duration.",
            "run",
            metavar="06:00|2h",
        ),
    ] = None
    remember: Annotated[
        bool,
        about("Start from the quota that earlier runs found, and remember what this one finds."),
    ] = True
    limiter: Annotated[
        Limiter,
        about(
            "Keep to the quota in this process, or together with all that name the same Redis.",
            metavar="local|URL",
        ),
    ] = "local"
    throttle_limit: Annotated[Duration, about("Seconds an update may go on being throttled.")] = (
        900.0
    )
    outage_limit: Annotated[
        Duration,
        about(
            "Seconds that a target may answer nothing but faults, or not be there, until it is"
            " given up; a worker waits for ever unless with --once."
        ),
    ] = 900.0
    connect_timeout: Annotated[Duration, about("Seconds to wait for a connection.")] = 5.0
    read_timeout: Annotated[Duration, about("Seconds until the whole answer is there.")] = 30.0
    transport: Annotated[
        Transport | None,
        about(
            "How requests leave: lean, by templates over shared connections, or the SDK's own way;"
            " default: lean where it can do all that is set."
        ),
    ] = None
    max_failures: Annotated[
        FailureLimit,
        about(
            "Stop a target after more than N failures of its own, or P% of its results (from 100"
            " results on); the others go on.",
            metavar="N|P%|none",
        ),
    ] = FailureLimit("50%")
    verify: Annotated[
        Share | None,
        about(
            "Read that part of what AWS accepted back at once, and hold it against what was sent.",
            metavar="P%",
        ),
    ] = None
    grace: Annotated[
        Duration, about("Seconds that a signal leaves for what is in flight.", *COMMANDS)
    ] = 20.0
    before: Annotated[
        bool | None,
        about(
            "Look at every trigger first, keep its image, skip what is as asked; by default unless"
            " reading is known to be very slow.",
            *COMMANDS,
        ),
    ] = None
    whole: Annotated[
        Whole,
        about(
            "Send the live trigger whole, with the members of the update put in; auto: where AWS"
            " clears what an update leaves out, as its first answers show."
        ),
    ] = "auto"
    create_missing: Annotated[
        bool, about("Create a trigger that is not there, from a line that has all it takes.")
    ] = False
    with_integrations: Annotated[
        bool,
        about(
            "With --create-missing and --domain-map: copy the tags, and the integration that makes"
            " a trigger fire.",
            "run",
        ),
    ] = False
    domain_map: Annotated[
        DomainMap | None,
        about(
            "Use another domain than the one that a line names; several: separated by commas, or"
            " the flag again.",
            metavar="OLD=NEW",
            is_list=True,
        ),
    ] = None
    priority: Annotated[
        Annotated[int, Meta(ge=0, le=HIGHEST_PRIORITY)] | None,
        about(
            "Priority of updates without one, the higher the sooner; default: 0, of a rollback 9.",
            metavar="0-9",
        ),
    ] = None
    max_changes: Annotated[
        Limit | None,
        about(
            "Refuse to start when more than N triggers, or P%, would change.", "run", metavar="N|P%"
        ),
    ] = None
    canary: Annotated[
        Positive | None,
        about(
            "Do the first N updates that change something, name them, and ask before the rest.",
            "run",
            metavar="N",
        ),
    ] = None
    reason: Annotated[
        Annotated[str, Meta(min_length=1, max_length=1000)] | None,
        about("Why this is done: kept with it. Of a protected target it has to be given."),
    ] = None
    label: Annotated[
        Labels | None,
        about(
            "What this belongs to: kept with it. Several: separated by commas, or the flag again.",
            metavar="K=V",
            is_list=True,
        ),
    ] = None
    waves: Annotated[
        WaveSizes | None,
        about(
            "Change so many updates, or so many of all, in each wave; then soak and check.",
            "run",
            metavar="1,10,10%,rest",
        ),
    ] = None
    soak: Annotated[
        LengthOfTime | None,
        about("Wait so long after each wave, before its check.", "run", metavar="15m|90s|2h"),
    ] = None
    check: Annotated[
        CommandLine | None,
        about(
            "Run that command after each wave: exit code 0 goes on, 1 stops, 75 asks.",
            "run",
            metavar="CMD",
        ),
    ] = None
    check_timeout: Annotated[
        LengthOfTime,
        about("End a check that takes longer; that stops the run.", "run", metavar="10m"),
    ] = LengthOfTime("10m")
    rollback_on_failure: Annotated[
        bool,
        about("Put back what the run did when its check fails, or its updates stop it.", "run"),
    ] = False
    without_target: Annotated[
        TargetList | None,
        about(
            "Leave what is for that target for later, and ask AWS nothing for it; several:"
            " separated by commas, as a glob, or the flag again.",
            "run",
            metavar="NAME",
            is_list=True,
        ),
    ] = None
    skip_invalid: Annotated[
        bool, about("Run the valid lines of a file that has invalid ones.", "run")
    ] = False
    lint: Annotated[
        bool,
        about("Look for likely mistakes first, and stop where there are errors.", "run"),
    ] = True
    lint_select: Annotated[
        LintCodes | None,
        about(
            "Look for these codes of lint only, or for those that begin so; several:"
            " separated by commas, or the flag again.",
            "run",
            metavar="CODE,…",
            is_list=True,
        ),
    ] = None
    lint_ignore: Annotated[
        LintCodes | None,
        about(
            "Leave out these codes of lint, or those that begin so; several: separated by commas,"
            " or the flag again.",
            "run",
            metavar="CODE,…",
            is_list=True,
        ),
    ] = None
    report: Annotated[
        bool, about("Write report.html into the run directory at the end of a run.", "run")
    ] = True
    hold_file: Annotated[
        str | None, about("Send nothing while that file is there.", *COMMANDS, metavar="PATH")
    ] = None
    timetable: Annotated[
        Timetable | None,
        about(
            "When to pause, and when to use a part of the pace only; the first rule that fits"
            " counts.",
            *COMMANDS,
            metavar="RULE;…",
        ),
    ] = None
    timezone: Annotated[
        TimeZone | None,
        about("Time zone of the timetable; default: this machine's.", *COMMANDS, metavar="NAME"),
    ] = None
    progress: Annotated[
        ProgressForm,
        about("How to show how far it is; auto: a bar on a terminal, elsewhere lines.", "run"),
    ] = "auto"
    otlp: Annotated[
        Collector | None,
        about(
            "Send traces and metrics to the OpenTelemetry collector at that address.",
            *COMMANDS,
            metavar="http[s]://HOST:4318",
        ),
    ] = None
    log_level: Annotated[LogLevel, about("Least severe event that is logged.", *COMMANDS)] = "info"
    lease: Annotated[
        Annotated[int, Meta(ge=2, le=43_200)],
        about(
            "Seconds that a message is lent at a time; extended while it waits or is worked on.",
            "worker",
        ),
    ] = DEFAULT_LEASE
    ahead: Annotated[
        Duration,
        about(
            "Seconds of work to borrow from a queue at most, at the pace of the moment.", "worker"
        ),
    ] = 20.0
    results: Annotated[
        str, about("Directory that results of messages are written to.", "worker", metavar="DIR")
    ] = "results"
    results_to: Annotated[
        S3Url | None,
        about("Where full result files are moved to.", "worker", metavar="s3://BUCKET/PREFIX"),
    ] = None
    rotate_bytes: Annotated[
        Positive, about("Size from which on a new results file is begun.", "worker")
    ] = 64_000_000
    rotate_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=MOST)],
        about("Age from which on a new results file is begun.", "worker"),
    ] = 300.0
    http: Annotated[
        str | None,
        about(
            "Serve health, metrics and a status page there; without a host on the loopback.",
            "worker",
            metavar="HOST:PORT",
        ),
    ] = None
    http_token: Annotated[
        Token | None,
        about(
            "Token without which --http shows health only: 16 to 256 printable characters without"
            " blanks; needed where other hosts reach it.",
            "worker",
            metavar="TOKEN",
        ),
    ] = None
    http_token_file: Annotated[
        str | None,
        about("File that has the token, instead of --http-token.", "worker", metavar="PATH"),
    ] = None
    control: Annotated[
        str | None,
        about("Unix socket by which batcher ctl tells it what to do.", "worker", metavar="PATH"),
    ] = None
    organization: Annotated[
        Annotated[
            str,
            Meta(
                pattern=r"^(o-[a-z0-9]{10,32}|r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})\Z"
            ),
        ]
        | None,
        about(
            "Fill target patterns with accounts of AWS Organizations: those active below that unit,"
            " root or organization.",
            *COMMANDS,
            metavar="ou-…|r-…|o-…",
        ),
    ] = None
    targets: Annotated[
        dict[str, TargetSettings], about("Named targets: [targets.NAME] in the file.")
    ] = msgspec.field(default_factory=dict)

    hooks: Annotated[
        tuple[HookSettings, ...],
        about("Whom to tell of what happens: [[hooks]] in the file.", *COMMANDS),
    ] = ()

    @property
    def known_targets(self) -> frozenset[str]:
        """The targets that a line may name."""
        return frozenset({self.target, *self.targets})

    @property
    def each_target(self) -> dict[str, TargetSettings]:
        """The settings of each target by its name: those of tables, or of the one without any."""
        return self.targets or {self.target: self.target_defaults}

    @property
    def has_target_of_its_own(self) -> bool:
        """Whether lines that name no target have one: a table, or what says where they belong.

        Beside several tables the environment alone says nothing: it would send such a line, most
        likely one whose target was forgotten, to the account of the credentials at hand.
        """
        return self._is_meant_by(self.region, self.account, self.profile, self.role_arn)

    def one_target(self) -> str:
        """The target of a job that is done in one of them.

        A Region alone does not say which account of several is meant. Raises SettingsError where
        it is not named.
        """
        if self._is_meant_by(self.account, self.profile, self.role_arn):
            return self.target
        raise SettingsError(
            f"--target: none is named, and there are {some_names(self.targets)}. Name one of them."
        )

    def _is_meant_by(self, *own: str | None) -> bool:
        """Whether the target has a table, or is the only one, or one of these says where it is."""
        return (
            self.target in self.targets
            or len(self.targets) <= 1
            or any(each is not None and "{" not in each for each in own)
        )

    @property
    def target_names(self) -> TargetNames:
        """What a line may call a target: by its name, or by its account."""
        names = self.known_targets if self.has_target_of_its_own else frozenset(self.targets)
        return TargetNames.of(
            names,
            {name: (each.account, each.region) for name, each in self.targets.items()},
        )

    @property
    def targets_left(self) -> frozenset[str]:
        """The targets that are left for later."""
        if self.without_target is None:
            return frozenset()
        found = self.without_target.found_in(self.target_names)
        return frozenset().union(*found.values())

    @property
    def said(self) -> dict[str, Any]:
        """Reason and labels, as far as they were given: what is kept of them with the work."""
        labels = {"labels": self.label.pairs} if self.label is not None else {}
        return ({"reason": self.reason} if self.reason is not None else {}) | labels

    @property
    def logged(self) -> dict[str, Any]:
        """What is ``said``, as log lines have it: their ``reason`` is that of the event."""
        return {"why" if name == "reason" else name: each for name, each in self.said.items()}

    @property
    def session_tags(self) -> dict[str, str]:
        """The tags of role sessions."""
        return session_tags(self.reason, self.label)

    @property
    def zone(self) -> tzinfo | None:
        """The time zone of the timetable; None: this machine's."""
        return None if self.timezone is None else self.timezone.zone

    @property
    def target_defaults(self) -> TargetSettings:
        """What counts for a target without a table of its own."""
        return TargetSettings(
            **{name: getattr(self, name) for name in TargetSettings.__struct_fields__}
        )

    @property
    def without_start_limits(self) -> Self:
        """The settings of a run that nobody is asked about: without limits for its start."""
        return msgspec.structs.replace(
            self,
            canary=None,
            waves=None,
            soak=None,
            check=None,
            rollback_on_failure=False,
            max_changes=None,
            deadline=None,
        )

    def for_target(self, name: str) -> TargetSettings:
        """The settings of one target."""
        return self.targets.get(name) or self.target_defaults

    def as_json(self) -> dict[str, Any]:
        """What ``run.json`` keeps: as people write it, and no user or password of an address.

        Of hooks their names, as more of them may be secret: they are given anew each time. Targets
        are left for later by one session, not by all that acts for its run.
        """
        kept = msgspec.structs.replace(self, http_token=None, without_target=None)
        written: dict[str, Any] = msgspec.to_builtins(kept, enc_hook=str)
        del written["without_target"]
        if self.check is not None:
            written["check"] = self.check.shown
        hooks = [hook.as_json() for hook in self.hooks]
        return _without_secrets(written) | {"hooks": hooks}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """The settings that ``as_json`` has written, now or by an earlier version.

        Raises msgspec.ValidationError.
        """
        known = {name: value for name, value in written.items() if name != "merge"} | {"hooks": []}
        if written.get("merge") is True:
            known["whole"] = "always"
        return msgspec.convert(known, cls, dec_hook=parse_kept_text)


def _without_secrets(written: dict[str, Any]) -> dict[str, Any]:
    """Settings with the addresses of services as ``shown_url`` has them."""
    shown = {
        name: shown_url(written[name])
        for name in ("limiter", "endpoint_url", "otlp")
        if written.get(name) is not None
    }
    targets = {name: _without_secrets(each) for name, each in written.get("targets", {}).items()}
    return written | shown | ({"targets": targets} if targets else {})


class Keywords(TypedDict, total=False):
    """The settings that the library knows, as keywords. A test holds it equal to Settings."""

    region: str | None
    account: str | None
    profile: str | None
    role_arn: str | None
    external_id: str | None
    role_session_name: str
    endpoint_url: str | None
    rate: Rate
    burst: float | None
    share: str
    read_rate: Rate
    concurrency: Concurrency
    target: str
    max_attempts: int
    remember: bool
    limiter: str
    throttle_limit: float
    outage_limit: float
    connect_timeout: float
    read_timeout: float
    transport: Transport | None
    max_failures: str | None
    verify: str | None
    whole: Whole
    merge: bool
    create_missing: bool
    domain_map: str | None
    priority: int | None
    reason: str | None
    label: str | Mapping[str, str] | None
    targets: Mapping[str, Mapping[str, Any]]
