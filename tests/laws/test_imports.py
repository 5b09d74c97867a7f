"""Which packages may import which library, and no circles.

What goes for imports between packages is in ``pyproject.toml``, as contracts of import-linter.
"""

import ast
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.laws.source import PACKAGE, dotted, files, imported, tree

OWNERS = {
    "aiobotocore": ("aws", "queues.sqs_client"),
    "aiohttp": ("aws", "status.server", "hooks.webhook_call", "emulator"),
    "aiolimiter": ("limiters",),
    "asyncio": (
        "api",
        "library",
        "emulator",
        "gathered_call",
        "testing",
        "cli.interruption",
        "cli.loop_call",
        "http",
        "logs",
        "wake_up",
    ),
    "botocore": ("aws", "queues.sqs_client", "emulator"),
    "click": ("cli",),
    "jmespath": ("updates",),
    "jsonschema_rs": ("updates",),
    "prometheus_client": ("status.metrics",),
    "redis": ("redis_client", "redis_server", "limiters", "queues.redis_streams_client"),
    "rich": ("cli",),
    "signal": ("signals", "child_process", "cli"),
    "tenacity": ("engine.retrying", "engine.retry_policies"),
    "yaml": ("sources.yaml_documents",),
    "time": ("clock", "emulator"),
}
"""What each library may be imported by: modules, or packages with all that is in them."""

ASKING_THE_TIME = {"date.today", "datetime.now", "datetime.today", "datetime.utcnow"}


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_where_it_belongs_only(library: str) -> None:
    owners = [f"batcher.{owner}" for owner in OWNERS[library]]
    importers = {
        dotted(path)
        for path in files(PACKAGE)
        if any(_is_within(name, library) for name in imported(path))
    }
    strangers = {name for name in importers if not any(_is_within(name, owner) for owner in owners)}
    assert not strangers, f"{library} belongs into {', '.join(owners)}"


def test_no_module_leads_back_to_itself_by_imports_at_whatever_level() -> None:
    graph = grimp.build_graph("batcher")
    TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    ).prepare()  # raises CycleError, which names the modules of the circle


def test_only_known_loaders_import_by_name_and_optional_modules_are_of_the_same_package() -> None:
    """Import-linter sees no import by name; this way none can lead up."""
    loading = {
        dotted(path) for path in files(PACKAGE) if "importlib.import_module" in imported(path)
    }
    group = "batcher.cli.command_group"
    late = "batcher.cli.output.standard_streams"  # the errors, once there is one
    assert loading == {"batcher", "batcher.cli", group, "batcher.optional_imports", late}
    for path in files(PACKAGE):
        for call in [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]:
            if ast.unparse(call.func) in ("late_module", "optional_module"):
                package = dotted(path).rpartition(".")[0]
                assert ast.literal_eval(call.args[0]).rpartition(".")[0] == package, path


def test_pure_packages_ask_for_neither_the_time_nor_a_file() -> None:
    """What they could do without an import, or by one of datetime."""
    contracts = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    (pure,) = [each["source_modules"] for each in contracts if each["id"] == "pure"]
    asking = {
        f"{dotted(path)}: {ast.unparse(call)}"
        for path in files(PACKAGE)
        if any(_is_within(dotted(path), package) for package in pure)
        for call in [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        if ast.unparse(call.func) in ASKING_THE_TIME | {"open", "input", "print"}
    }
    assert asking == set()


def test_the_time_of_day_is_read_by_the_clock_only() -> None:
    readers = {
        dotted(path)
        for path in files(PACKAGE)
        if not _is_within(dotted(path), "batcher.emulator")
        for call in [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        if ast.unparse(call.func) in ASKING_THE_TIME
    }
    assert readers == {"batcher.clock"}


def _is_within(name: str, owner: str) -> bool:
    return name == owner or name.startswith(f"{owner}.")
