"""The examples in configs/ are well-formed, and every name in them is one of the code."""

import configparser
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import click
import pytest
import yaml
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator
from prometheus_client.parser import text_string_to_metric_families

from batcher.accounting.verdicts import Verdict
from batcher.cli import batcher as commands
from batcher.config import Settings, resolve
from batcher.config.account_list import AccountRow
from batcher.errors import SettingsError
from batcher.queues import sqs, sqs_client
from batcher.status import server
from batcher.status.access import token_for
from batcher.status.address import parse_address
from batcher.status.metrics import Metrics
from batcher.status.server import StatusServer
from batcher.storage import results_directory
from batcher.worker import health, leases, message_consumer
from tests.status.snapshots import failure, snapshot

CONFIGS = Path("configs")
TAG_SESSION = "sts:TagSession"  # what AssumeRole asks for beside itself where it has tags
FILES = sorted(path for path in CONFIGS.rglob("*") if path.is_file())
POLICIES = sorted((CONFIGS / "iam").glob("*.json"))
WORKER = CONFIGS / "kubernetes" / "worker.yaml"
OF_OTHERS = {
    "Dockerfile": {
        "--no-cache-dir",
        "--constraint",
        "--from",
        "--interval",
        "--timeout",
        "--read-only",
        "--stop-timeout",
    },
    "worker.yaml": {"--from-literal"},
}
"""Flags of docker and pip, and of kubectl, by the file that has them."""

INSTRUCTIONS = {
    "FROM",
    "WORKDIR",
    "COPY",
    "RUN",
    "ENV",
    "USER",
    "EXPOSE",
    "HEALTHCHECK",
    "ENTRYPOINT",
    "CMD",
}
MODELS = {"profile": "customer-profiles", "sqs": "sqs", "s3": "s3", "sts": "sts"}
STOPPING = sum(
    (
        sqs.POLL + sqs.POLL_MARGIN,
        leases.RELEASE_WITHIN,
        message_consumer.FLUSH_WITHIN,
        results_directory.CLOSE_WITHIN,
        server.GRACE,
    )
)
"""Seconds beside the grace that a worker may take to stop, at the most."""


def command(name: str) -> click.Command | None:
    return commands.get_command(click.Context(commands), name)


def flags_of(of: click.Command) -> set[str]:
    inner = of.commands.values() if isinstance(of, click.Group) else ()
    own = {flag for parameter in of.params for flag in (*parameter.opts, *parameter.secondary_opts)}
    return own.union(*map(flags_of, inner))


def variables_of(of: click.Command) -> set[str]:
    named = {str(parameter.envvar) for parameter in of.params if parameter.envvar}
    return named | {
        f"BATCHER_{parameter.name}".upper()
        for parameter in of.params
        if parameter.name in Settings.__struct_fields__
    }


COMMANDS = {
    name: found
    for name in commands.list_commands(click.Context(commands))
    if (found := command(name))
}
KNOWN_VARIABLES = variables_of(COMMANDS["worker"])


def documents(path: Path) -> list[Any]:
    return list(yaml.load_all(path.read_text(), Loader=_Strict))


class _Strict(yaml.SafeLoader):
    """YAML itself lets a later key replace an earlier one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: a key stands there twice"
        return super().construct_mapping(node, deep)


def one(kind: str) -> dict[str, Any]:
    (found,) = [each for each in documents(WORKER) if each["kind"] == kind]
    return dict(found)


@pytest.fixture(scope="module")
def models() -> dict[str, ServiceModel]:
    loader = Loader()
    return {
        prefix: ServiceModel(loader.load_service_model(name, "service-2"))
        for prefix, name in MODELS.items()
    }


# names


@pytest.mark.parametrize("path", FILES, ids=str)
def test_flags_and_variables_are_those_of_the_commands(path: Path) -> None:
    text = path.read_text()
    known = set[str]().union(*map(flags_of, COMMANDS.values())) | OF_OTHERS.get(path.name, set())
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= known
    assert set(re.findall(r"BATCHER_[A-Z_]+", text)) <= KNOWN_VARIABLES
    for name, words in re.findall(r"batcher ([a-z]+)((?: [^\s`,;)]+)*)", text):
        if name in COMMANDS:
            assert {word for word in words.split() if word.startswith("--")} <= flags_of(
                COMMANDS[name]
            ), f"batcher {name}{words}"


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=str)
def test_settings_are_good_also_those_that_are_commented_out(path: Path, tmp_path: Path) -> None:
    whole = re.sub(r"^# (\w+ = .*)$", r"\1", path.read_text(), flags=re.M)
    (tmp_path / "whole.toml").write_text(whole)
    shutil.copy(CONFIGS / "accounts.csv", tmp_path)
    flags = {"organization": "o-ab12cd34ef"} if path.stem == "organization" else {}
    row = AccountRow(account="111122223333", origin="an organization")
    resolved = resolve(flags, file=tmp_path / "whole.toml", list_accounts=lambda *_: [row])
    assert resolved != Settings()


def test_values_of_variables_are_good() -> None:
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    (task,) = json.loads((CONFIGS / "ecs-task.json").read_text())["containerDefinitions"]
    for environ in (container["env"], task["environment"]):
        assert "BATCHER_QUEUE" in {each["name"] for each in environ}
        resolve({}, environ={each["name"]: each["value"] for each in environ if "value" in each})


def test_what_others_reach_takes_a_token_that_stands_in_no_file() -> None:
    host, port = parse_address(_image_environment()["BATCHER_HTTP"])
    with pytest.raises(SettingsError, match="takes a token"):
        token_for(host, port, None, None)
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    (task,) = json.loads((CONFIGS / "ecs-task.json").read_text())["containerDefinitions"]
    given = {each["name"]: each.get("valueFrom") for each in container["env"]}
    assert given["BATCHER_HTTP_TOKEN"] == {"secretKeyRef": {"name": "batcher-http", "key": "token"}}
    assert "batcher-http --from-literal=token=" in WORKER.read_text()
    assert [each["name"] for each in task["secrets"]] == ["BATCHER_HTTP_TOKEN"]
    assert "-e BATCHER_HTTP_TOKEN " in (CONFIGS / "Dockerfile").read_text()
    (job,) = documents(CONFIGS / "prometheus.yml")[0]["scrape_configs"]
    assert job["authorization"]["type"] == "Bearer"


def test_metrics_and_their_labels_are_those_of_a_worker() -> None:
    metrics = Metrics()
    metrics.settled(failure())
    metrics.attempted("prod", "UpdateEventTrigger", Verdict.ACCEPTED, 0.1)
    there: dict[str, set[tuple[str, str]]] = {}
    for family in text_string_to_metric_families(metrics.exposition(snapshot()).decode()):
        for sample in family.samples:
            there.setdefault(sample.name, set()).update(sample.labels.items())
    for path in (
        CONFIGS / "alerts.yml",
        CONFIGS / "prometheus.yml",
        CONFIGS / "kubernetes" / "hpa.yaml",
    ):
        text = path.read_text()
        assert set(re.findall(r"\bbatcher_\w+", text)) <= set(there)
        for name, labels in re.findall(r"\b(batcher_\w+)\{(\w[^}]*)\}", text):
            assert set(re.findall(r'(\w+)="(\w+)"', labels)) <= there[name], (
                f"{path}: {name}{{{labels}}}"
            )
        for labels in re.findall(r"\bby \((.*?)\)", text):
            assert set(labels.split(", ")) <= {"target", "operation"}, f"{path}: by ({labels})"
    (metric,) = documents(CONFIGS / "kubernetes" / "hpa.yaml")[0]["spec"]["metrics"]
    wanted = metric["external"]["metric"]
    assert set(wanted["selector"]["matchLabels"].items()) <= there[wanted["name"]]


async def test_probes_ask_what_a_worker_answers_where_it_listens() -> None:
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    host, port = parse_address(_image_environment()["BATCHER_HTTP"])
    assert host == "0.0.0.0"  # probes of Kubernetes do not come from the loopback
    assert container["ports"] == [{"name": "http", "containerPort": port}]
    asked = {container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")}
    assert {
        container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")
    } == {"http"}
    for name in ("Dockerfile", "ecs-task.json"):
        ((at, path),) = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w*)", (CONFIGS / name).read_text())
        assert int(at) == port
        asked.add(path)
    async with (
        StatusServer("127.0.0.1", 0, metrics=Metrics(), snapshot=snapshot) as served,
        aiohttp.ClientSession(f"http://{served.address}") as client,
    ):
        for path in asked:
            async with client.get(path) as answer:
                assert answer.status == 200, path


# what a supervisor grants


def test_supervisors_wait_longer_than_a_worker_takes_to_stop() -> None:
    unit = _unit(CONFIGS / "batcher-worker.service")["Service"]
    (task,) = json.loads((CONFIGS / "ecs-task.json").read_text())["containerDefinitions"]
    grace = resolve({}, file=CONFIGS / "worker.toml").grace
    given = {
        "systemd": int(unit["TimeoutStopSec"]),
        "Kubernetes": one("Deployment")["spec"]["template"]["spec"][
            "terminationGracePeriodSeconds"
        ],
        "ECS": task["stopTimeout"],
        "docker": int(re.findall(r"--stop-timeout (\d+)", (CONFIGS / "Dockerfile").read_text())[0]),
    }
    assert min(given.values()) > grace + STOPPING, given
    assert int(unit["WatchdogSec"]) > health.STUCK_AFTER  # the worker's own says where it is stuck
    assert unit["SuccessExitStatus"] == "4"


# forms


def test_the_unit_is_one_of_systemd(tmp_path: Path) -> None:
    path = CONFIGS / "batcher-worker.service"
    unit = _unit(path)
    assert {
        key
        for section in unit.values()
        for key in section
        if not re.fullmatch(r"[A-Z][A-Za-z]+", key)
    } == set()
    assert (unit["Service"]["Type"], unit["Service"]["KillSignal"]) == ("notify", "SIGTERM")
    assert re.fullmatch(r"/bin/kill -HUP \$MAINPID", unit["Service"]["ExecReload"])
    assert re.fullmatch(
        r"/\S+/batcher worker --queue \S+ --config \S+", unit["Service"]["ExecStart"]
    )
    if (verify := shutil.which("systemd-analyze")) is not None:  # the above holds without it
        copy = tmp_path / path.name
        copy.write_text(
            re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.M)
        )
        told = subprocess.run(
            [verify, "verify", str(copy)], capture_output=True, text=True, timeout=60, check=False
        )
        assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def _unit(path: Path) -> dict[str, dict[str, str]]:
    """Of a key that stands there several times, the last."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[method-assign] # how configparser is told
    parser.read_string(path.read_text())
    return {section: dict(parser[section]) for section in parser.sections()}


def test_the_dockerfile_builds_from_files_that_are_there_and_runs_as_nobody() -> None:
    steps = list(_instructions())
    assert [name for name, _ in steps if name not in INSTRUCTIONS] == []
    assert steps[0][0] == "FROM"
    last = dict(steps)  # of each instruction the last: that of the image
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    assert [json.loads(last[name]) for name in ("ENTRYPOINT", "CMD")] == [["batcher"], ["worker"]]
    assert json.loads(last["HEALTHCHECK"].partition("CMD ")[2])[0] == "python"
    assert "--constraint constraints.txt" in " ".join(text for name, text in steps if name == "RUN")
    sources = {
        name
        for step, text in steps
        if step == "COPY" and "--from" not in text
        for name in text.split()[:-1]
    }
    assert all(Path(name).exists() for name in sources)
    ignore = (CONFIGS / "Dockerfile.dockerignore").read_text().split("\n")
    assert {line[1:] for line in ignore if line.startswith("!")} == sources
    writable = _image_environment()["HOME"]
    assert f"install -d -o {last['USER'].replace(':', ' -g ')}" in " ".join(
        text for name, text in steps if name == "RUN"
    )
    assert _image_environment()["BATCHER_RESULTS"].startswith(f"{writable}/")
    assert f"{_image_environment()['XDG_STATE_HOME']}/batcher" == writable
    (container,) = one("Deployment")["spec"]["template"]["spec"]["containers"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == [writable]


def _instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"^#.*\n", "", (CONFIGS / "Dockerfile").read_text(), flags=re.M).replace(
        "\\\n", " "
    )
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, _, rest = line.partition(" ")
        yield name, rest.strip()


def _image_environment() -> dict[str, str]:
    (text,) = [rest for name, rest in _instructions() if name == "ENV"]
    return dict(word.split("=", 1) for word in text.split())


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.suffix in (".yml", ".yaml")], ids=str
)
def test_yaml_is_strict(path: Path) -> None:
    assert all(isinstance(each, dict) for each in documents(path))


def test_kubernetes_objects_belong_together_and_grant_nothing() -> None:
    pod = one("Deployment")["spec"]["template"]
    labels = pod["metadata"]["labels"]
    assert one("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert pod["spec"]["serviceAccountName"] == one("ServiceAccount")["metadata"]["name"]
    (volume,) = pod["spec"]["volumes"]
    assert (
        volume["persistentVolumeClaim"]["claimName"]
        == one("PersistentVolumeClaim")["metadata"]["name"]
    )
    scaled = documents(CONFIGS / "kubernetes" / "hpa.yaml")[0]["spec"]["scaleTargetRef"]
    assert scaled == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": one("Deployment")["metadata"]["name"],
    }
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    user = dict(_instructions())["USER"].split(":")
    assert [str(pod["spec"]["securityContext"][key]) for key in ("runAsUser", "runAsGroup")] == user
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_ecs_task_is_what_ecs_takes() -> None:
    task = json.loads((CONFIGS / "ecs-task.json").read_text())
    shape = (
        ServiceModel(Loader().load_service_model("ecs", "service-2"))
        .operation_model("RegisterTaskDefinition")
        .input_shape
    )
    assert not (faults := ParamValidator().validate(task, shape)).has_errors(), (
        faults.generate_report()
    )
    assert task.keys() <= shape.members.keys()  # the validator lets unknown members pass
    (container,) = task["containerDefinitions"]
    assert container.keys() <= shape.members["containerDefinitions"].member.members.keys()
    assert container["readonlyRootFilesystem"]
    assert container["user"] == dict(_instructions())["USER"]


def test_the_queue_is_one_that_sqs_makes() -> None:
    asked = json.loads((CONFIGS / "sqs-queue.json").read_text())
    shape = (
        ServiceModel(Loader().load_service_model("sqs", "service-2"))
        .operation_model("CreateQueue")
        .input_shape
    )
    assert asked.keys() <= set(shape.members["Attributes"].key.enum)
    assert {type(value) for value in asked.values()} == {str}
    assert json.loads(asked["RedrivePolicy"]).keys() == {"deadLetterTargetArn", "maxReceiveCount"}


# permissions


def statements(path: Path) -> list[dict[str, Any]]:
    policy = json.loads(path.read_text())
    assert policy.keys() == {"Version", "Statement"}
    assert policy["Version"] == "2012-10-17"
    return list(policy["Statement"])


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_policy_names_actions_that_exist_and_what_they_are_for(
    path: Path, models: dict[str, ServiceModel]
) -> None:
    for statement in statements(path):
        assert statement["Effect"] == "Allow"
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
        for action in statement["Action"]:
            prefix, _, name = action.partition(":")
            assert name in models[prefix].operation_names or action == TAG_SESSION, action
        services = {
            "iam" if action.startswith("sts:") else action.partition(":")[0]
            for action in statement["Action"]
        }
        if path.stem == "target-trust":
            assert statement["Principal"]["AWS"].startswith("arn:aws:iam::")
        elif statement["Resource"] != ["*"]:
            assert {resource.split(":")[2] for resource in statement["Resource"]} == services
        else:
            # it has no resource that could be named
            assert statement["Action"] == ["profile:ListDomains"]


def test_the_policies_together_grant_what_the_code_calls_and_no_more(
    models: dict[str, ServiceModel],
) -> None:
    source = {
        path: path.read_text()
        for path in Path("batcher").rglob("*.py")
        if "emulator" not in path.parts
    }
    everything = "".join(source.values())
    of_queues = "".join(text for path, text in source.items() if "queues" in path.parts)
    called = {
        f"profile:{name}" for name in models["profile"].operation_names if f'"{name}"' in everything
    }
    called |= {
        f"sqs:{name.removesuffix('Batch')}"
        for name in models["sqs"].operation_names
        if f'"{xform_name(name)}"' in of_queues
    }
    s3 = {
        name
        for name in models["s3"].operation_names
        if f"client.{xform_name(name)}(" in source[Path("batcher/aws/s3_upload.py")]
    }
    called |= {"s3:GetObject" if name == "HeadObject" else f"s3:{name}" for name in s3}
    called |= {
        f"sts:{name}"
        for name in models["sts"].operation_names
        if f"sts.{xform_name(name)}(" in everything
    }
    called -= {"sts:GetCallerIdentity"}  # needs no permission
    granted = {
        action
        for path in POLICIES
        for statement in statements(path)
        for action in statement["Action"]
    }
    # AWS's own resource schemas ask for it beside these; whether the API does no source says
    assert granted == called | {"profile:ListTagsForResource", TAG_SESSION}
    for path in POLICIES:
        for statement in statements(path):
            looks = {"profile:GetEventTrigger", "profile:UpdateEventTrigger"} & {
                *statement["Action"]
            }
            assert bool(looks) is ("profile:ListTagsForResource" in statement["Action"]), path


def test_the_table_of_permissions_names_every_policy() -> None:
    assert set(re.findall(r"\(iam/([\w-]+\.json)\)", (CONFIGS / "README.md").read_text())) == {
        path.name for path in POLICIES
    }


def test_every_example_leaves_a_worker_a_minute_to_end() -> None:
    limit = re.compile(
        r"(?:TimeoutStopSec=|--stop-timeout |terminationGracePeriodSeconds: "
        r"|\"stopTimeout\": )(\d+)"
    )
    found = {(path.name, seconds) for path in FILES for seconds in limit.findall(path.read_text())}
    assert found == {
        (name, "60")
        for name in ("Dockerfile", "batcher-worker.service", "ecs-task.json", "worker.yaml")
    }
    assert Settings().grace + sqs_client.OPEN_WITHIN <= 60


def test_the_collector_of_the_example_takes_what_is_sent_to_it() -> None:
    example = yaml.safe_load((CONFIGS / "otel-collector.yaml").read_text())
    endpoint = example["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert endpoint.endswith(":4318")
    pipelines = example["service"]["pipelines"]
    assert pipelines.keys() == {"traces", "metrics"}
    for pipeline in pipelines.values():
        for part, names in pipeline.items():
            assert set(names) <= example[part].keys()
