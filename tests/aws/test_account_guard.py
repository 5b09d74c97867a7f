"""Credentials of another account are stopped before anything is signed with them."""

from collections import Counter

import anyio
import pytest
from botocore.credentials import ReadOnlyCredentials

from batcher.aws.account_guard import AccountGuard
from batcher.errors import WrongAccountError
from batcher.task_groups import open_task_group

ONE, TWO = "111111111111", "222222222222"


def key(name: str) -> ReadOnlyCredentials:
    return ReadOnlyCredentials(name, "secret", None, None)


class Sts:
    """Tells the accounts of keys, and counts who asked; None: it is away."""

    def __init__(self, **accounts: str | None) -> None:
        self.accounts = accounts
        self.asked: Counter[str] = Counter()

    async def ask(self, credentials: ReadOnlyCredentials) -> str | None:
        self.asked[credentials.access_key] += 1
        await anyio.lowlevel.checkpoint()
        return self.accounts.get(credentials.access_key)


async def test_each_key_is_asked_about_once_however_many_requests_wait_for_it() -> None:
    sts, guard = Sts(a=ONE, b=ONE), AccountGuard("eu")
    await guard.identify(key("a"), sts.ask)
    async with open_task_group() as tasks:
        for name in "ab" * 20:
            tasks.start_soon(guard.check, key(name), sts.ask)
    assert (guard.account, sts.asked) == (ONE, {"a": 1, "b": 1})


async def test_a_key_of_another_account_never_passes_and_the_one_of_before_still_does() -> None:
    sts, guard = Sts(a=ONE, b=TWO), AccountGuard("eu")
    await guard.identify(key("a"), sts.ask)
    for _ in range(3):
        with pytest.raises(WrongAccountError, match=f"account {ONE}, and .* of account {TWO}"):
            await guard.check(key("b"), sts.ask)
        await guard.check(key("a"), sts.ask)
    assert (guard.account, sts.asked["b"]) == (ONE, 1)


async def test_where_nobody_asked_at_the_start_the_second_key_is_held_against_the_first() -> None:
    sts, guard = Sts(a=ONE, b=ONE, c=TWO), AccountGuard("eu")
    await guard.check(key("a"), sts.ask)
    await guard.check(key("a"), sts.ask)
    assert not sts.asked
    await guard.check(key("b"), sts.ask)
    with pytest.raises(WrongAccountError):
        await guard.check(key("c"), sts.ask)


async def test_sts_that_was_away_is_asked_again_and_what_it_says_then_counts() -> None:
    sts, guard = Sts(), AccountGuard("eu")
    await guard.identify(key("a"), sts.ask)
    await guard.check(key("a"), sts.ask)
    await guard.check(key("b"), sts.ask)  # a renewal, and it is still away
    assert guard.account is None
    sts.accounts = {"a": ONE, "c": TWO}
    with pytest.raises(WrongAccountError, match=TWO):
        await guard.check(key("c"), sts.ask)
    assert guard.account == ONE


async def test_sts_that_is_away_at_a_renewal_ends_what_has_a_known_account() -> None:
    sts, guard = Sts(a=ONE), AccountGuard("eu")
    await guard.identify(key("a"), sts.ask)
    with pytest.raises(WrongAccountError, match=r"STS does not tell.*command again\.$"):
        await guard.check(key("b"), sts.ask)


@pytest.mark.parametrize("found", [TWO, None])
async def test_a_pinned_account_is_the_only_one(found: str | None) -> None:
    sts, guard = Sts(a=found, b=ONE), AccountGuard("eu", ONE)
    with pytest.raises(WrongAccountError, match=rf"belongs to account {ONE} \(--account\)"):
        await guard.identify(key("a"), sts.ask)
    with pytest.raises(WrongAccountError, match="again, or correct --account"):
        await guard.check(key("a"), sts.ask)
    await guard.check(key("b"), sts.ask)


async def test_who_identifies_anew_is_held_against_what_was_sent_with_before() -> None:
    sts, guard = Sts(), AccountGuard("eu")
    await guard.identify(key("a"), sts.ask)  # it is away: a's requests are sent all the same
    await guard.identify(key("a"), sts.ask)
    sts.accounts = {"a": ONE, "b": TWO}
    with pytest.raises(WrongAccountError, match=TWO):
        await guard.identify(key("b"), sts.ask)
    with pytest.raises(WrongAccountError, match=TWO):
        await guard.check(key("b"), sts.ask)
    assert guard.account == ONE


async def test_a_key_that_turns_out_to_be_of_another_account_has_passed_no_longer() -> None:
    sts, guard = Sts(), AccountGuard("eu")
    assert not guard.has_passed(key("a"))
    await guard.check(key("a"), sts.ask)  # of an account that nobody knows yet
    await guard.check(key("b"), sts.ask)  # STS is away
    assert guard.has_passed(key("a"))
    assert guard.has_passed(key("b"))
    sts.accounts = {"a": ONE, "b": TWO}
    with pytest.raises(WrongAccountError, match=TWO):
        await guard.identify(key("b"), sts.ask)
    assert guard.has_passed(key("a"))
    assert not guard.has_passed(key("b"))
