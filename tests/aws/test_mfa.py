"""A profile with an MFA device: a code is asked for once, at a terminal, and nowhere else."""

import asyncio
import json
import os
import pty
import sys
import termios
from datetime import timedelta
from pathlib import Path

import pytest

from batcher.aws.credentials import open_session
from batcher.aws.mfa import wants_mfa
from batcher.aws.service_model import model_loader
from batcher.emulator import Emulator
from batcher.errors import CredentialsError
from tests.aws.test_client import target
from tests.conftest import Command, change, trigger
from tests.local_sts import LocalSts, role_profile
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

SERIAL = "arn:aws:iam::444455556666:mfa/jo"


async def test_without_a_terminal_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator()
    async with LocalSts() as sts, emulator as url:
        role_profile(tmp_path, monkeypatch, sts, mfa_serial=SERIAL)
        with pytest.raises(CredentialsError, match="MFA code, and there is no terminal"):
            async with target(url, profile="prod", region="eu-west-1"):
                pass
        assert sts.asked == []
    assert not emulator.calls()


async def test_a_person_is_asked_once_for_all_targets(
    batcher: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [{"target": f"t{n % 3}", **change(n)} for n in range(9)]
    (tmp_path / "u.jsonl").write_text("\n".join(map(json.dumps, lines)))
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(9)])
    ours, theirs = pty.openpty()
    async with LocalSts() as sts, emulator as url:
        sts.life = timedelta(hours=1)
        role_profile(tmp_path, monkeypatch, sts, mfa_serial=SERIAL)
        tables = [
            f'[targets.t{n}]\nprofile = "prod"\nendpoint_url = "{url}"\nregion = "eu-west-1"\n'
            for n in range(3)
        ]
        (tmp_path / "c.toml").write_text("rate = 50\n" + "".join(tables))
        environ = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        own = {name: value for name, value in batcher.environ.items() if name not in keys}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "batcher", "run", "u.jsonl", "--config", "c.toml", "--yes"),
            cwd=tmp_path,
            env=own | environ,
            stdin=theirs,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout is not None
        async with asyncio.timeout(60):
            await process.stdout.readuntil(b"Enter MFA code")
            await until(lambda: not termios.tcgetattr(theirs)[3] & termios.ECHO)
            os.write(ours, b"123456\n")
            said, _ = await process.communicate()
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, said.decode()
    codes = [form["TokenCode"] for form in sts.asked if "TokenCode" in form]
    assert codes == ["123456"]


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ("", False),
        (f"mfa_serial = {SERIAL}", True),
        ("source_profile = base\n[profile base]\nregion = eu-west-1", False),
        (f"source_profile = base\n[profile base]\nmfa_serial = {SERIAL}", True),
        ("source_profile = prod", False),  # of itself
    ],
)
def test_a_profile_wants_a_code_where_it_or_one_it_builds_on_has_a_device(
    config: str, wanted: bool, profiles: Path
) -> None:
    profiles.write_text(f"[profile prod]\n{config}\n")
    assert wants_mfa(open_session("prod", model_loader())) is wanted
