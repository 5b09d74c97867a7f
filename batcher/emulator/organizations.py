"""What listing accounts needs of AWS Organizations: roots, units and accounts, page by page.

JSON 1.1. Requests are checked by the shapes of botocore's ``organizations`` model.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from batcher.emulator.authenticator import Authenticator
from batcher.emulator.buckets import Quota, Quotas
from batcher.emulator.call_log import CallLog, LoggedCall
from batcher.emulator.constraints import Check, compile_check, describe_violations
from batcher.emulator.errors import ServiceError
from batcher.emulator.model import Json
from batcher.emulator.replies import Reply
from batcher.emulator.requests import HttpRequest

SIGNING_NAME = "organizations"
TARGET = "X-Amz-Target"
PREFIX = "AWSOrganizationsV20161128."
OPERATIONS = (
    "DescribeOrganization",
    "ListAccounts",
    "ListAccountsForParent",
    "ListOrganizationalUnitsForParent",
    "ListRoots",
)
PAGE_AT_MOST = 20  # documented at MaxResults
FILE_AT_MOST = 64 << 20  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A root or a unit: what it is, and what it has directly below it."""

    id: str
    name: str
    accounts: list[Json]
    units: list["Node"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Organization:
    """An organization as a file describes it. ``management``: the account that may list it.

    ``nodes``: all roots and units, by id.
    """

    id: str = "o-emulated01"
    management: str | None = None
    roots: list[Node] = field(default_factory=list)
    nodes: Mapping[str, Node] = field(default_factory=dict)


def read_organization(path: Path) -> Organization:
    """The organization of a JSON file: ``id``, ``management`` and ``roots``.

    A root has ``id``, ``name``, ``accounts`` (``id``, ``name``, ``state``) and ``units``, which
    have the same. ValueError, OSError.
    """
    with path.open("rb") as file:
        content = file.read(FILE_AT_MOST + 1)
    if len(content) > FILE_AT_MOST:
        raise ValueError(f"{path}: longer than {FILE_AT_MOST:,} bytes")
    try:
        value = json.loads(content)
        roots = [_node(each) for each in value["roots"]]
        nodes = {node.id: node for root in roots for node in _all(root)}
        given = {name: str(value[name]) for name in ("id", "management") if name in value}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"{path}: is no organization ({why}); write it as configs/organization.json"
        ) from None
    return Organization(roots=roots, nodes=nodes, **given)


def _node(value: Json) -> Node:
    accounts = [
        {"id": str(each["id"]), "name": each.get("name", each["id"]), **each}
        for each in value.get("accounts", [])
    ]
    units = [_node(each) for each in value.get("units", [])]
    id = str(value["id"])
    return Node(id=id, name=str(value.get("name", id)), accounts=accounts, units=units)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for unit in node.units:
        yield from _all(unit)


class Organizations:
    """Answers the listings of one organization; None: there is none in use."""

    def __init__(
        self,
        organization: Organization | None,
        authenticator: Authenticator,
        *,
        quotas: Mapping[str, Quota | None],
        call_log: CallLog,
        clock: Callable[[], float],
    ) -> None:
        self._checks = {} if organization is None else _checks()
        self._organization = organization
        self._authenticator = authenticator
        self._quotas = Quotas(None, quotas)
        self._call_log = call_log
        self._clock = clock

    def answer(self, received: HttpRequest, request_id: str) -> Reply:
        """The answer to a request whose header X-Amz-Target begins with PREFIX."""
        name, account, outcome = "-", "", "ok"
        try:
            name = self._operation(received)
            caller = self._authenticator.authenticate(received, SIGNING_NAME)
            account = caller.account
            if not self._quotas.take(account, "", name, self._clock()):
                raise ServiceError("TooManyRequestsException", "AWS Organizations is throttled")
            return _reply(200, self._carry_out(name, account, _body(received)), request_id)
        except ServiceError as error:
            outcome = error.code
            refusal = {"__type": error.code, "Message": error.message}
            return _reply(400, refusal, request_id)
        finally:
            self._call_log.add_call(LoggedCall(self._clock(), account, name, outcome))

    def _operation(self, received: HttpRequest) -> str:
        name = received.headers.get(TARGET, "").removeprefix(PREFIX)
        if name not in OPERATIONS:
            raise ServiceError("UnknownOperationException", f"There is no operation {name}")
        return name

    def _carry_out(self, name: str, account: str, request: Json) -> Json:
        organization = self._organization
        if organization is None:
            message = "Your account is not a member of an organization."
            raise ServiceError("AWSOrganizationsNotInUseException", message)
        if organization.management not in (None, account):
            message = "You don't have permissions to access this resource."
            raise ServiceError("AccessDeniedException", message)
        violations: list[str] = []
        if name in self._checks:
            self._checks[name](request, "", violations)
        if violations:
            raise ServiceError("InvalidInputException", describe_violations(violations))
        return self._listed(name, organization, request)

    def _listed(self, name: str, organization: Organization, request: Json) -> Json:
        match name:
            case "DescribeOrganization":
                described = {"Id": organization.id, "Arn": _arn(organization, organization.id)}
                return {"Organization": described}
            case "ListRoots":
                return _page("Roots", [_described(each) for each in organization.roots], request)
            case "ListAccounts":
                nodes = organization.nodes.values()
                found = [each for node in nodes for each in _accounts(organization, node)]
                return _page("Accounts", found, request)
        if (node := organization.nodes.get(request["ParentId"])) is None:
            message = f"We can't find a root or OU with the ParentId {request['ParentId']}."
            raise ServiceError("ParentNotFoundException", message)
        if name == "ListAccountsForParent":
            return _page("Accounts", _accounts(organization, node), request)
        return _page("OrganizationalUnits", [_described(each) for each in node.units], request)


@cache
def _checks() -> dict[str, Check]:
    """What checks the members of a request, by operation."""
    loaded = Loader().load_service_model("organizations", "service-2")
    model = ServiceModel(loaded, "organizations")
    return {
        name: compile_check(shape)
        for name in OPERATIONS
        if (shape := model.operation_model(name).input_shape) is not None
    }


def _accounts(organization: Organization, node: Node) -> list[Json]:
    """As they are since September 2026: with a State, and without a Status."""
    return [
        {
            "Id": each["id"],
            "Arn": _arn(organization, f"account/{organization.id}/{each['id']}"),
            "Email": each.get("email", f"{each['id']}@example.com"),
            "Name": each["name"],
            "State": each.get("state", "ACTIVE"),
        }
        for each in node.accounts
    ]


def _arn(organization: Organization, resource: str) -> str:
    return f"arn:aws:organizations::{organization.management or '0' * 12}:{resource}"


def _described(node: Node) -> Json:
    return {"Id": node.id, "Name": node.name}


def _page(member: str, found: list[Json], request: Json) -> Json:
    token = request.get("NextToken", "0")
    if not (token.isascii() and token.isdigit() and int(token) <= len(found)):
        raise ServiceError("InvalidInputException", "You provided a NextToken that is invalid.")
    begin = int(token)
    end = begin + min(request.get("MaxResults", PAGE_AT_MOST), PAGE_AT_MOST)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {member: found[begin:end], **more}


def _body(received: HttpRequest) -> Json:
    try:
        value: Any = json.loads(received.body or b"{}")
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ServiceError("SerializationException", "The body is no JSON object")
    return value


def _reply(status: int, members: Json, request_id: str) -> Reply:
    return Reply(
        status=status,
        body=json.dumps(members).encode(),
        content_type="application/x-amz-json-1.1",
        headers={"x-amzn-RequestId": request_id},
    )
