"""Credentials are fetched anew once for all who had them refused, and for as long as that helps."""

import anyio
import pytest

from batcher.engine.credential_refresh import CredentialRefresh, CredentialSets
from batcher.errors import CredentialsError
from batcher.task_groups import open_task_group
from batcher.testing import ACCEPTED, ScriptedCaller, in_virtual_time, refused

EXPIRED = refused("ExpiredTokenException", 403)


class SlowCaller(ScriptedCaller):
    """Takes a second to fetch credentials; ``renewable``: whether there are any."""

    def __init__(self, *, renewable: bool = True) -> None:
        super().__init__(lambda call: ACCEPTED)
        self._renewable = renewable

    async def refresh(self) -> bool:
        await anyio.sleep(1)
        await super().refresh()
        return self._renewable


def test_many_requests_refused_at_once_fetch_credentials_once() -> None:
    caller = SlowCaller()
    credentials = CredentialRefresh(CredentialSets(caller))

    async def scenario() -> None:
        async with open_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(credentials.renew, credentials.generation, EXPIRED)

    in_virtual_time(scenario())
    assert (caller.refreshes, credentials.generation) == (1, 1)


def test_a_set_is_of_use_when_aws_accepted_a_request_signed_with_it() -> None:
    credentials = CredentialRefresh(CredentialSets(ScriptedCaller(lambda call: ACCEPTED)))

    async def scenario() -> None:
        for generation in range(10):  # as in a run longer than ten sessions
            credentials.mark_accepted(generation)
            await credentials.renew(generation, EXPIRED)

    in_virtual_time(scenario())
    assert credentials.generation == 10


def test_an_answer_to_a_request_signed_with_an_older_set_proves_nothing_of_the_present_one() -> (
    None
):
    credentials = CredentialRefresh(CredentialSets(ScriptedCaller(lambda call: ACCEPTED)))

    async def scenario() -> None:
        credentials.mark_accepted(0)
        await credentials.renew(0, EXPIRED)
        credentials.mark_accepted(0)

    in_virtual_time(scenario())
    assert credentials.accepted is False


def test_two_sets_in_a_row_of_no_use_end_it() -> None:
    caller = ScriptedCaller(lambda call: ACCEPTED)
    credentials = CredentialRefresh(CredentialSets(caller))

    async def scenario() -> None:
        await credentials.renew(0, EXPIRED)
        await credentials.renew(1, EXPIRED)

    with pytest.raises(CredentialsError, match="ExpiredTokenException"):
        in_virtual_time(scenario())
    assert caller.refreshes == 1


def test_no_new_set_to_be_had_ends_it_for_everybody() -> None:
    caller = SlowCaller(renewable=False)
    credentials = CredentialRefresh(CredentialSets(caller))
    credentials.mark_accepted(0)
    with pytest.raises(CredentialsError, match=r"ExpiredTokenException.*aws sso login"):
        in_virtual_time(credentials.renew(0, EXPIRED))


def test_of_a_target_all_operations_fetch_credentials_once() -> None:
    caller = SlowCaller()
    sets = CredentialSets(caller)
    operations = [CredentialRefresh(sets) for _ in range(4)]

    async def scenario() -> None:
        async with open_task_group() as tasks:
            for each in operations * 5:
                tasks.start_soon(each.renew, each.generation, EXPIRED)

    in_virtual_time(scenario())
    assert (caller.refreshes, {each.generation for each in operations}) == (1, {1})


def test_what_aws_accepts_of_one_operation_says_nothing_of_another() -> None:
    sets = CredentialSets(ScriptedCaller(lambda call: ACCEPTED))
    reading, writing = CredentialRefresh(sets), CredentialRefresh(sets)

    async def scenario() -> None:
        for generation in range(10):
            reading.mark_accepted(generation)
            await writing.renew(generation, EXPIRED)

    with pytest.raises(CredentialsError, match="ExpiredTokenException"):
        in_virtual_time(scenario())
    assert sets.generation == 1
    assert (reading.accepted, writing.accepted) == (True, False)
