"""The policies in the code are those in configs/iam, and each door has what it needs."""

import json
from pathlib import Path
from typing import get_args

import pytest

from batcher.jobs.iam_policies import (
    POLICIES,
    Door,
    actions_of,
    only,
    policy_document,
    statements_for,
)

FILES = {path.stem: path for path in Path("configs/iam").glob("*.json")}
EXAMPLE = {
    "partition": "aws",
    "region": "eu-west-1",
    "account": "111122223333",
    "domain": "acme",
    "copy": "acme-copy",
    "trigger": "cart-abandoned",
    "queue": "updates.fifo",
    "dead": "updates-dead.fifo",
    "bucket": "acme-batcher",
    "role": "arn:aws:iam::444455556666:role/batcher",
    "worker": "arn:aws:iam::111122223333:role/batcher-worker",
    "external_id": "4f1c-example",
}


def test_each_file_of_configs_is_one_of_the_code() -> None:
    assert POLICIES.keys() == FILES.keys()


@pytest.mark.parametrize("name", POLICIES)
def test_a_file_of_configs_says_what_the_code_says(name: str) -> None:
    assert json.loads(FILES[name].read_text()) == policy_document(POLICIES[name], EXAMPLE)


@pytest.mark.parametrize("door", get_args(Door))
def test_a_door_without_sqs_needs_nothing_of_it(door: Door) -> None:
    assert not actions_of(statements_for(door, sqs=False), "sqs")
    needs_targets = bool(actions_of(statements_for(door, sqs=True), "profile"))
    assert needs_targets is (door not in ("enqueue", "queue"))


def test_what_settings_ask_for_is_needed_too() -> None:
    bare = actions_of(statements_for("run", sqs=False), "profile")
    more = statements_for("run", sqs=False, create_missing=True, with_integrations=True)
    added = set(actions_of(more, "profile")) - set(bare)
    assert added == {
        "profile:CreateEventTrigger",
        "profile:ListIntegrations",
        "profile:PutIntegration",
        "profile:TagResource",
    }
    assert statements_for("plan", sqs=False, create_missing=True) == POLICIES["plan"]


def test_of_a_policy_only_what_is_missing_is_left_and_a_name_in_braces_stays_a_name() -> None:
    kept = only(statements_for("run", sqs=False), {"profile:ListEventTriggers"})
    document = policy_document(kept, EXAMPLE | {"domain": '{account}"'})
    (statement,) = document["Statement"]
    assert statement["Action"] == ["profile:ListEventTriggers"]
    assert statement["Resource"] == ['arn:aws:profile:eu-west-1:111122223333:domains/{account}"']
