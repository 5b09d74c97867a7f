"""What assuming a role needs of STS: AssumeRole and GetCallerIdentity, in the Query protocol.

Requests are read and answers written by the shapes of botocore's ``sts`` model.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any
from xml.etree import ElementTree

from botocore.loaders import Loader
from botocore.model import ServiceModel

from batcher.emulator.authenticator import Authenticator, RoleSession
from batcher.emulator.call_log import CallLog, LoggedCall
from batcher.emulator.constraints import compile_check, describe_violations
from batcher.emulator.credentials import CallerIdentity
from batcher.emulator.errors import ServiceError
from batcher.emulator.model import Json
from batcher.emulator.query_protocol import read_form, read_structure, write_structure, xml_reply
from batcher.emulator.replies import Reply
from batcher.emulator.requests import HttpRequest

SIGNING_NAME = "sts"
IDENTITY = "GetCallerIdentity"
ROLE = re.compile(r"arn:[a-z-]+:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[^/]+)")
DEFAULT_SECONDS = 3600  # documented at AssumeRole's DurationSeconds, as prose
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
ERRORS = {
    "ExpiredTokenException": ("ExpiredToken", 403),
    "IncompleteSignatureException": ("IncompleteSignature", 400),
    "InvalidSignatureException": ("SignatureDoesNotMatch", 403),
    "MissingAuthenticationTokenException": ("MissingAuthenticationToken", 403),
    "UnrecognizedClientException": ("InvalidClientTokenId", 403),
    "ValidationError": ("ValidationError", 400),
    "InvalidAction": ("InvalidAction", 400),
    "InvalidParameterValue": ("InvalidParameterValue", 400),
    "AccessDenied": ("AccessDenied", 403),
}
"""What the Query protocol calls these errors, and the status of each."""


@cache
def _model() -> ServiceModel:
    """The service model of STS, read once for all emulators of the process."""
    return ServiceModel(Loader().load_service_model("sts", "service-2"), "sts")


class Sts:
    """Answers STS requests; sessions that it issues are added to the authenticator.

    ``session_seconds`` overrides the life of every session; ``external_ids`` (role ARN to id)
    refuses others.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        session_seconds: float | None,
        external_ids: Mapping[str, str],
        call_log: CallLog,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        random: Random,
    ) -> None:
        self._model = _model()
        self._authenticator = authenticator
        self._session_seconds = session_seconds
        self._external_ids = dict(external_ids)
        self._call_log = call_log
        self._clock = clock
        self._wall_clock = wall_clock
        self._random = random
        self._handlers: dict[str, Callable[[CallerIdentity, Json], Json]] = {
            "AssumeRole": self._assume_role,
            IDENTITY: lambda caller, _: {
                "UserId": caller.user_id,
                "Account": caller.account,
                "Arn": caller.arn,
            },
        }
        self._checks = {
            name: compile_check(self._model.operation_model(name).input_shape)
            for name in self._handlers
        }

    def answer(self, received: HttpRequest, request_id: str) -> Reply:
        """The XML answer to a form."""
        account, action, outcome = "", "-", "ok"
        try:
            action, parameters = self._action(received)
            caller = self._authenticator.authenticate(received, SIGNING_NAME)
            account = caller.account
            return self._carry_out(action, caller, parameters, request_id)
        except ServiceError as error:
            outcome = ERRORS[error.code][0]
            return self._refusal(error, request_id)
        finally:
            if action != IDENTITY:  # asked before work begins, and no part of it
                self._call_log.add_call(LoggedCall(self._clock(), account, action, outcome))

    def _action(self, received: HttpRequest) -> tuple[str, dict[str, str]]:
        try:
            parameters = read_form(received.body)
        except ValueError:
            raise ServiceError("ValidationError", "The request's form can't be read") from None
        action = parameters.get("Action", "")
        if action not in self._handlers:
            message = f"Could not find operation {action} for version {self._model.api_version}"
            raise ServiceError("InvalidAction", message)
        return action, parameters

    def _carry_out(
        self, action: str, caller: CallerIdentity, parameters: Mapping[str, str], request_id: str
    ) -> Reply:
        operation = self._model.operation_model(action)
        request = read_structure(operation.input_shape, parameters)
        violations: list[str] = []
        self._checks[action](request, "", violations)
        if violations:
            raise ServiceError("ValidationError", describe_violations(violations))
        return self._success(operation, self._handlers[action](caller, request), request_id)

    def _refusal(self, error: ServiceError, request_id: str) -> Reply:
        """An error as the Query protocol has it."""
        code, status = ERRORS[error.code]
        root = ElementTree.Element("ErrorResponse", xmlns=self._namespace)
        details = ElementTree.SubElement(root, "Error")
        for tag, text in (("Type", "Sender"), ("Code", code), ("Message", error.message)):
            ElementTree.SubElement(details, tag).text = text
        ElementTree.SubElement(root, "RequestId").text = request_id
        return xml_reply(status, root, request_id)

    def _success(self, operation: Any, answer: Json, request_id: str) -> Reply:
        shape = operation.output_shape
        root = ElementTree.Element(f"{operation.name}Response", xmlns=self._namespace)
        write_structure(
            ElementTree.SubElement(root, shape.serialization["resultWrapper"]), shape, answer
        )
        metadata = ElementTree.SubElement(root, "ResponseMetadata")
        ElementTree.SubElement(metadata, "RequestId").text = request_id
        return xml_reply(200, root, request_id)

    @property
    def _namespace(self) -> str:
        namespace: str = self._model.metadata["xmlNamespace"]
        return namespace

    def _assume_role(self, caller: CallerIdentity, request: Json) -> Json:
        role_arn = request["RoleArn"]
        if (role := ROLE.fullmatch(role_arn)) is None:
            raise ServiceError("ValidationError", f"{role_arn} is invalid")
        expected = self._external_ids.get(role_arn)
        if expected is not None and request.get("ExternalId") != expected:
            message = (
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource:"
                f" {role_arn}"
            )
            raise ServiceError("AccessDenied", message)
        tags = {each["Key"]: each["Value"] for each in request.get("Tags", [])}
        if len({key.lower() for key in tags}) < len(request.get("Tags", [])):
            raise ServiceError("InvalidParameterValue", "Duplicate tag keys; case does not count")
        session = self._issue(role["account"], role["name"], request, tags)
        return {
            "Credentials": {
                "AccessKeyId": session.access_key,
                "SecretAccessKey": session.secret,
                "SessionToken": session.token,
                "Expiration": datetime.fromtimestamp(session.expires_at, UTC),
            },
            "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
        }

    def _issue(
        self, account: str, role: str, request: Json, tags: Mapping[str, str]
    ) -> RoleSession:
        seconds = self._session_seconds or request.get("DurationSeconds", DEFAULT_SECONDS)
        name = request["RoleSessionName"]
        session = RoleSession(
            access_key=f"ASIA{self._letters(16)}",
            secret=self._letters(40),
            token=self._letters(200),
            account=account,
            arn=f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            user_id=f"AROA{self._letters(17)}:{name}",
            expires_at=self._wall_clock() + seconds,
            tags=tags,
        )
        self._authenticator.add(session)
        return session

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(ALPHABET, k=count))
