"""``batcher worker``: what it says at its start, and how it ends when its queue is empty.

How it works is in ``tests/worker`` and, on each kind of queue, in ``tests/queues``.
"""

from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger

Write = Callable[..., Path]


async def test_once_it_drains_what_is_there_and_ends(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(0)])
    write_lines([change(0)])
    assert (await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")).code == 0
    async with emulator as url:
        flags = ("--queue", "spool:spool", "--once", "--endpoint-url", url)
        ended = await batcher("worker", *flags)
        assert ended.code == 0, ended.err
        assert (await batcher("worker", *flags)).code == 0  # there is nothing to do any more
    assert "Draining spool:spool. Ctrl-C finishes what is in flight and ends." in ended.err
    assert len(emulator.applied()) == 1
    assert (tmp_path / "spool" / "done" / "updates.jsonl").exists()


async def test_settings_that_are_none_of_a_worker_are_no_flags_of_it(batcher: Command) -> None:
    for flags, said in (
        (("--canary", "3"), "No such option"),
        (("--rate", "-1"), "--rate"),
        ((), "Missing option '--queue'"),
    ):
        queue = ("--queue", "spool:spool") if flags else ()
        ended = await batcher("worker", *queue, *flags)
        assert (ended.code, said in ended.err) == (2, True), ended.err


async def test_a_protected_target_is_changed_by_a_worker_that_was_told_so_alone(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(0)])
    write_lines([{"target": "pay", **change(0)}])
    await batcher("enqueue", "updates.jsonl", "--queue", "spool:spool")
    async with emulator as url:
        (tmp_path / "c.toml").write_text(
            f'[targets.pay]\nprotected = true\nendpoint_url = "{url}"\nregion = "eu-west-1"\n'
        )
        worker = ("worker", "--queue", "spool:spool", "--once", "--config", "c.toml")
        for given, said in (
            (("--reason", "OPS-1"), "--confirm: target pay: protected"),
            (("--confirm", "pay"), "--reason: target pay: protected"),
            (("--confirm", "payy", "--reason", "OPS-1"), "no target payy; did you mean pay?"),
        ):
            refused = await batcher(*worker, *given)
            assert (refused.code, said in refused.err) == (2, True), refused.err
        assert emulator.applied() == []
        ended = await batcher(*worker, "--confirm", "pay", "--reason", "OPS-1")
    assert ended.code == 0, ended.err
    assert "Protected, and changed as confirmed: target pay." in ended.err
    assert len(emulator.applied()) == 1
