"""The clients of named targets, opened side by side from settings."""

import glob
import shlex
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import anyio
import msgspec

from batcher.aws.account_guard import AccountGuard
from batcher.aws.client import AwsTarget
from batcher.aws.lean_connections import LeanConnections
from batcher.aws.ready_client import requests_in_pool
from batcher.aws.service_model import model_loader
from batcher.aws.shared_sessions import SharedSessions
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.errors import AwsError, BatcherError, NotSentError, SettingsError, WrongAccountError
from batcher.host_limits import requests_at_once
from batcher.task_groups import open_task_group
from batcher.updates.aws_messages import AwsMessages
from batcher.updates.target_causes import in_common
from batcher.wiring.line_readers import installed_update_model

REACHED_AT_ONCE = 100  # targets: who comes later finds connections that are open already


class Connected(NamedTuple):
    """Targets that can be used, and why others can't; in the order in which they were named.

    ``unopened``: those that can't, of which no more is known than their settings say.
    """

    targets: dict[str, AwsTarget]
    unusable: dict[str, AwsError]
    unopened: dict[str, AwsTarget]


class TargetConnector:
    """Opens targets by name; one that is opened again has to be of the account that it was.

    ``client``: a ready aiobotocore client of the caller's own, used for every target.
    """

    def __init__(self, settings: Settings, client: Any | None = None) -> None:
        self._messages = AwsMessages(installed_update_model().constants)
        self._settings = settings
        self._client = client
        self._guards: dict[str, AccountGuard] = {}
        self._clock = SystemClock()
        timeouts = (settings.connect_timeout, settings.read_timeout)
        self._sessions = SharedSessions(model_loader(), self._clock, timeouts)
        self._connections = _connections(settings)
        self._left = settings.targets_left

    def target(self, name: str) -> AwsTarget:
        """The target of that name, not yet connected."""
        settings = self._settings.for_target(name)
        if settings.concurrency == "auto":
            settings = msgspec.structs.replace(settings, concurrency=self._fair_concurrency())
        own = self._settings.targets.get(name)
        is_own = own is not None and own.account != self._settings.account
        by = "its table or row of accounts" if is_own else "--account"
        guard = self._guards.setdefault(name, AccountGuard(name, settings.account, by))
        return AwsTarget(
            name,
            settings,
            messages=self._messages,
            connect_timeout=self._settings.connect_timeout,
            read_timeout=self._settings.read_timeout,
            loader=model_loader(),
            clock=self._clock,
            client=self._client,
            guard=guard,
            session_tags=self._settings.session_tags,
            sessions=self._sessions,
            connections=self._connections,
        )

    def _fair_concurrency(self) -> int:
        """Requests of an operation that a target may have under way where nobody says how many."""
        if self._client is not None:
            return requests_in_pool(self._client, self._settings)
        return requests_at_once(len(self._settings.targets) or 1)

    async def connect(
        self,
        names: Iterable[str],
        stack: AsyncExitStack,
        *,
        reach: bool = True,
        refuses: bool = True,
    ) -> Connected:
        """Open the clients of those targets and ask which account each is, side by side.

        ``reach``: one that can't be connected to, or whose credentials STS does not take, is
        unusable. So is one that the settings leave for later, of which AWS is asked nothing.
        ``refuses``: one of a wrong account keeps all from being opened, as somebody is there to
        decide; else it is unusable, too.

        Each role is assumed now, at the pace of STS: what is wrong with one is known before the
        first request leaves. They are closed with the stack. Raises SettingsError and
        WrongAccountError, which say how to go on without the targets that they are of, and the
        AwsError of the first target when none can be used.
        """
        usable: dict[str, AwsTarget] = {}
        unusable: dict[str, AwsError] = {}
        unopened: dict[str, AwsTarget] = {}
        refused: dict[str, BatcherError] = {}
        names = list(names)
        reaching = anyio.Semaphore(REACHED_AT_ONCE)
        again = len(names) > REACHED_AT_ONCE

        async def open_client(name: str) -> None:
            target = self.target(name)
            if name in self._left:
                target.look_up()
                unusable[name], unopened[name] = AwsError(_LEFT.format(name)), target
                return
            try:
                await stack.enter_async_context(target)
                if reach:
                    async with reaching:
                        await _reach(target, again=again)
                await target.account()
                if reach:
                    target.refuse_useless()
            except AwsError as error:
                unusable[name], unopened[name] = error, target
            except SettingsError as error:
                refused[name] = error
            else:
                usable[name] = target

        async with open_task_group() as tasks:
            for name in names:
                tasks.start_soon(open_client, name)
        foreign = {
            name: error
            for name, error in unusable.items()
            if refuses and isinstance(error, WrongAccountError)
        }
        if ends := refused or foreign or (unusable if not usable else None):
            error = _of_all({name: ends[name] for name in names if name in ends})
            without = sorted({*refused, *foreign, *self._left})
            raise _with_way_on(error, without) if usable and refuses else error
        return Connected(
            targets={name: usable[name] for name in names if name in usable},
            unusable={name: unusable[name] for name in names if name in unusable},
            unopened={name: unopened[name] for name in names if name in unopened},
        )


async def _reach(target: AwsTarget, *, again: bool) -> None:
    """Connect to a target, where that fails ``again``: of a thousand, this process may be late.

    Raises AwsError.
    """
    try:
        await target.check()
    except NotSentError:
        if not again:
            raise
        await target.check()


_LEFT = (
    "target {}: left for later by --without-target. Run the same command again without that setting"
    " to do what is left."
)


def _with_way_on(error: BatcherError, without: list[str]) -> BatcherError:
    """The error with how to do the rest for now: to correct an account may take days."""
    names = shlex.quote(",".join(_without_comma(name) for name in without))
    them = "it" if len(without) == 1 else "them"
    error.args = (f"{error} To do the rest without {them} for now, add --without-target {names}.",)
    return error


def _without_comma(name: str) -> str:
    """The name, or a glob of it where it has what separates names."""
    return glob.escape(name).replace(",", "?") if "," in name else name


def _of_all(errors: Mapping[str, BatcherError]) -> BatcherError:
    """The error of the first target, which tells of all."""
    first = next(iter(errors.values()))
    if len(errors) > 1:
        first.args = (in_common({name: str(error) for name, error in errors.items()}),)
    return first


def _connections(settings: Settings) -> LeanConnections | None:
    """What the targets share that send over no client of the SDK; None: all do."""
    if settings.transport == "sdk":
        return None
    by_hand = settings.transport == "lean"
    return LeanConnections(model_loader(), timeout=settings.connect_timeout, by_hand=by_hand)
