"""What an extra brings is imported when it is wanted.

Where it is missing, the caller's own words say so.
"""

import subprocess
import sys

import pytest

from batcher.errors import SettingsError
from batcher.optional_imports import late_module, optional_module
from batcher.queues.factory import open_queue


def test_the_module_is_the_one_of_that_name() -> None:
    module = optional_module("batcher.sources.zstd_reader", SettingsError("needs zstandard"))
    assert module is sys.modules["batcher.sources.zstd_reader"]


def test_a_missing_package_is_told_in_the_words_of_the_caller() -> None:
    with pytest.raises(SettingsError, match="pip install it") as caught:
        optional_module("batcher.no_such_module", SettingsError("pip install it"))
    assert isinstance(caught.value.__cause__, ImportError)


async def test_without_redis_py_a_queue_in_redis_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "batcher.queues.redis_streams", None)  # as a failed import
    with pytest.raises(SettingsError, match=r"pip install redis\."):
        async with open_queue("redis://127.0.0.1?stream=updates"):
            pass


@pytest.mark.parametrize("command", ["run", "worker", "queue", "validate"])
def test_no_command_needs_the_extras_to_be_imported(command: str) -> None:
    code = (
        f"import sys, batcher.cli.{command}\n"
        "assert not sys.modules.keys() & {'redis', 'zstandard'}, sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_module_that_comes_late_is_the_one_of_that_name() -> None:
    assert late_module("batcher.aws.s3_download") is sys.modules["batcher.aws.s3_download"]
