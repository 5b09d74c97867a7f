"""The least that each way to use batcher needs, as statements of IAM; ``configs/iam`` holds them.

Resources are templates: ``policy_document`` puts in which account, Region, domain and queue.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

Door: TypeAlias = Literal["run", "plan", "export", "worker", "calibrate", "enqueue", "queue"]


class Statement(Struct, frozen=True, kw_only=True):
    """One statement that allows. ``principal`` and ``external_id``: of a role's trust policy."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ()
    principal: str | None = None
    external_id: str | None = None


_PROFILE = "arn:{partition}:profile:{region}:{account}:domains"
_DOMAIN = f"{_PROFILE}/{{domain}}"
_TRIGGERS = f"{_DOMAIN}/event-triggers/*"
_COPY = f"{_PROFILE}/{{copy}}"
_QUEUE = "arn:{partition}:sqs:{region}:{account}:{queue}"
_DEAD = "arn:{partition}:sqs:{region}:{account}:{dead}"
_BUCKET = "arn:{partition}:s3:::{bucket}"

_LOOK = ("profile:GetEventTrigger", "profile:ListTagsForResource")
_CHANGE = (*_LOOK, "profile:UpdateEventTrigger")
_TAKE = ("sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage")
_ENTER = ("sts:AssumeRole", "sts:TagSession")

_FIND = Statement(
    sid="FindTheQueueAndItsDeadLetters",
    actions=("sqs:GetQueueUrl", "sqs:GetQueueAttributes"),
    resources=(_QUEUE, _DEAD),
)
_WORK = Statement(sid="Change", actions=_CHANGE, resources=(_DOMAIN, _TRIGGERS))

POLICIES: dict[str, tuple[Statement, ...]] = {
    "plan": (Statement(sid="Look", actions=_LOOK, resources=(_DOMAIN, _TRIGGERS)),),
    "run": (
        Statement(sid="LookAndChange", actions=_CHANGE, resources=(_DOMAIN, _TRIGGERS)),
        Statement(
            sid="SeeWhatWasTouchedSinceThePlan",
            actions=("profile:ListEventTriggers",),
            resources=(_DOMAIN,),
        ),
    ),
    "create-missing": (
        Statement(
            sid="CreateWhatIsMissing",
            actions=("profile:CreateEventTrigger",),
            resources=(_DOMAIN, _TRIGGERS),
        ),
    ),
    "with-integrations": (
        Statement(
            sid="SeeAndPutIntegrations",
            actions=("profile:ListIntegrations", "profile:PutIntegration"),
            resources=(_DOMAIN, f"{_DOMAIN}/integrations/*", _COPY, f"{_COPY}/integrations/*"),
        ),
        Statement(sid="SeeWhatIsCopied", actions=_LOOK, resources=(_TRIGGERS,)),
        Statement(
            sid="TagWhatIsCreated",
            actions=("profile:TagResource",),
            resources=(f"{_COPY}/event-triggers/*",),
        ),
    ),
    "recreate": (
        Statement(
            sid="DeleteAndCreateAnew",
            actions=("profile:DeleteEventTrigger", "profile:CreateEventTrigger"),
            resources=(_DOMAIN, _TRIGGERS),
        ),
        Statement(
            sid="SeeWhatIsAttached",
            actions=("profile:ListIntegrations",),
            resources=(_DOMAIN, f"{_DOMAIN}/integrations/*"),
        ),
    ),
    "export": (
        Statement(
            sid="Look",
            actions=(_LOOK[0], "profile:ListEventTriggers", _LOOK[1]),
            resources=(_DOMAIN, _TRIGGERS),
        ),
        Statement(sid="AllDomains", actions=("profile:ListDomains",), resources=("*",)),
    ),
    "calibrate": (
        Statement(
            sid="PutBackWhatIsThere",
            actions=_CHANGE,
            resources=(_DOMAIN, f"{_DOMAIN}/event-triggers/{{trigger}}"),
        ),
    ),
    "worker-sqs": (
        _WORK,
        _FIND,
        Statement(sid="Drain", actions=_TAKE, resources=(_QUEUE,)),
        Statement(sid="SetAside", actions=("sqs:SendMessage",), resources=(_DEAD,)),
    ),
    "enqueue": (
        _FIND,
        Statement(sid="Fill", actions=("sqs:SendMessage",), resources=(_QUEUE,)),
    ),
    "queue": (
        _FIND,
        Statement(sid="LookAtDeadLettersAndTakeThemOut", actions=_TAKE, resources=(_DEAD,)),
        Statement(sid="PutThemBack", actions=("sqs:SendMessage",), resources=(_QUEUE,)),
    ),
    "input-s3": (
        Statement(
            sid="ReadTheUpdates", actions=("s3:GetObject",), resources=(f"{_BUCKET}/updates/*",)
        ),
    ),
    "results-s3": (
        Statement(
            sid="PutAndProve",
            actions=("s3:PutObject", "s3:GetObject"),
            resources=(f"{_BUCKET}/results/*",),
        ),
    ),
    "assume-role": (
        Statement(sid="EnterTheAccountsOfTheTargets", actions=_ENTER, resources=("{role}",)),
    ),
    "target-trust": (
        Statement(
            sid="LetTheWorkerIn", actions=_ENTER, principal="{worker}", external_id="{external_id}"
        ),
    ),
}
"""The policies by the names of their files."""


def statements_for(
    door: Door, *, sqs: bool, create_missing: bool = False, with_integrations: bool = False
) -> tuple[Statement, ...]:
    """What a door needs. ``sqs``: of a queue in SQS, too; the others take no permission of IAM."""
    found = POLICIES["worker-sqs" if door == "worker" else door]
    if not sqs:
        found = tuple(each for each in found if not each.actions[0].startswith("sqs:"))
    if door in ("run", "worker"):
        found += POLICIES["create-missing"] if create_missing else ()
        found += POLICIES["with-integrations"] if with_integrations else ()
    return found


def actions_of(statements: Iterable[Statement], service: str) -> tuple[str, ...]:
    """The actions on one service, as ``profile:GetEventTrigger``, each once."""
    found = (action for statement in statements for action in statement.actions)
    return tuple(dict.fromkeys(each for each in found if each.startswith(f"{service}:")))


def only(statements: Iterable[Statement], actions: Collection[str]) -> tuple[Statement, ...]:
    """Statements cut down to these actions; without those that have none of them."""
    kept = (
        replace(each, actions=tuple(action for action in each.actions if action in actions))
        for each in statements
    )
    return tuple(each for each in kept if each.actions)


def policy_document(statements: Iterable[Statement], place: Mapping[str, str]) -> dict[str, Any]:
    """A policy as IAM takes it; ``place``: what stands for the names in braces."""
    return {"Version": "2012-10-17", "Statement": [_written(each, place) for each in statements]}


def _written(statement: Statement, place: Mapping[str, str]) -> dict[str, Any]:
    written: dict[str, Any] = {"Sid": statement.sid, "Effect": "Allow"}
    if statement.principal is not None:
        written["Principal"] = {"AWS": statement.principal.format_map(place)}
    written["Action"] = list(statement.actions)
    if statement.resources:
        written["Resource"] = [each.format_map(place) for each in statement.resources]
    if statement.external_id is not None:
        external_id = statement.external_id.format_map(place)
        written["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return written
