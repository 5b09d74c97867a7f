"""The connection to one SQS queue and to its dead-letter queue.

The only file of the queues that knows botocore. Its errors stop here: they become QueueError, or
SettingsError where somebody has to put something right.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any, Self

import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig

from batcher.accounting.verdicts import known_code
from batcher.aws.answers import refuse_redirects
from batcher.aws.credentials import open_session, region_of
from batcher.aws.one_attempt import OneAttemptSession
from batcher.aws.sdk_errors import error_text
from batcher.aws.service_model import model_loader
from batcher.backoff import Backoff
from batcher.errors import QueueError, RedirectError, SettingsError, UnansweredError
from batcher.queues.sqs_url import QueuePlace, place_of, region_of_url
from batcher.records import Message

BATCH = 10  # entries of a batch request, messages of a receive; the service model does not say
# seconds to find credentials, the queue and its dead letters: a worker that stops waits for it
OPEN_WITHIN = 15.0
CONNECTIONS = 20  # for receives and deletions side by side, and what else there is to ask
TRIES = 4  # of the entries of a batch that failed on the side of SQS
PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between these tries
ATTRIBUTES_AT_MOST = 10  # of a message; the service model does not say
CODE, REASON = "BatcherCode", "BatcherReason"  # message attributes of a dead letter

_OF_ATTRIBUTES = ("DataType", "StringValue", "BinaryValue")

ANSWER_AT_MOST = 2**26  # bytes: ten messages of 1 MiB, were every character of them escaped

_NOT_THERE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_WRONG_SETTINGS = (*_NOT_THERE, "AccessDenied", "AccessDeniedException")


class _QueueSession(OneAttemptSession):
    answer_at_most = ANSWER_AT_MOST


class SqsClient:
    """A queue by name or URL. Use as an async context manager.

    The Region is that of the URL, else ``region``, else that of the environment or the profile.
    Raises SettingsError without one, and for a ``region`` that is not the URL's; entering raises
    QueueError and SettingsError.
    """

    def __init__(
        self,
        queue: str,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self.name = queue.rpartition("/")[2]
        self.url = queue if "://" in queue else ""
        self.dead_url: str | None = None
        place = place_of(self.url) if self.url else QueuePlace(None, None)
        self._endpoint = endpoint_url or place.endpoint
        self._session = open_session(profile, model_loader(), region)
        self.region = self._region(region_of_url(self.url, place.region, region))
        self._stack = AsyncExitStack()
        self._client: Any = None

    @property
    def fifo(self) -> bool:
        return self.name.endswith(".fifo")

    @contextmanager
    def answer_within(self, seconds: float) -> Iterator[None]:
        """Raise QueueError when what is awaited in here takes longer."""
        try:
            with anyio.fail_after(seconds):
                yield
        except TimeoutError as error:
            raise UnansweredError(
                f"queue {self.name}: no answer within {seconds:g} s. Trying again may help."
            ) from error

    async def __aenter__(self) -> Self:
        try:
            with self.answer_within(OPEN_WITHIN):
                await self._connect()
                self.url = self.url or await self._find(QueueName=self.name)
                self.dead_url = await self._find_dead_letters()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.CancelScope(shield=True):
            await self._stack.aclose()

    def _region(self, known: str | None) -> str:
        try:
            region = region_of(self._session, known)
        except sdk.BotoCoreError as error:
            raise SettingsError(f"queue {self.name}: {error_text(error)}") from error
        if not region:
            raise SettingsError(
                f"queue {self.name}: no Region. Give its URL, or --region, or set AWS_REGION."
            )
        return region

    async def _connect(self) -> None:
        config = AioConfig(
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": 3},
            http_session_cls=_QueueSession,
        )
        client = self._session.create_client(
            "sqs", region_name=self.region, endpoint_url=self._endpoint, config=config
        )
        try:
            self._client = await self._stack.enter_async_context(client)
            refuse_redirects(self._client)
        except (sdk.BotoCoreError, ValueError) as error:
            raise SettingsError(f"queue {self.name}: {error_text(error)}") from error

    async def _find_dead_letters(self) -> str | None:
        policy = (await self.attributes("RedrivePolicy")).get("RedrivePolicy")
        if policy is None:
            return None
        *_, account, name = json.loads(policy)["deadLetterTargetArn"].split(":")
        return await self._find(QueueName=name, QueueOwnerAWSAccountId=account)

    async def _find(self, **of: str) -> str:
        return str((await self.call("get_queue_url", to=None, **of))["QueueUrl"])

    async def attributes(self, *names: str, of: str | None = None) -> dict[str, str]:
        """Attributes of the queue, or of the one at ``of``."""
        answer = await self.call(
            "get_queue_attributes", to=of or self.url, AttributeNames=list(names)
        )
        return dict(answer.get("Attributes", {}))

    async def call(self, operation: str, *, to: str | None = "", **request: Any) -> dict[str, Any]:
        """One request; ``to``: the URL of another queue, None: of none. Raises QueueError."""
        target = {} if to is None else {"QueueUrl": to or self.url}
        try:
            answer: dict[str, Any] = await getattr(self._client, operation)(**target, **request)
        except (sdk.BotoCoreError, sdk.ClientError, RedirectError, OSError) as error:
            raise _explained(self.name, error) from error
        return answer

    async def batch(
        self,
        operation: str,
        entries: Sequence[Mapping[str, Any]],
        to: str = "",
        on_done: Callable[[list[int]], None] = lambda numbers: None,
    ) -> list[str | None]:
        """A batch request; returns for each entry None, or the code it was refused with.

        Entries that failed on the side of SQS are sent again, a few times. Raises QueueError when
        they still fail. ``on_done``: told, with each answer, the positions of those that were done.
        """
        answers: list[str | None] = [None] * len(entries)
        left, backoff = list(range(len(entries))), Backoff(PAUSE, LONGEST_PAUSE)
        for attempt in range(TRIES):
            if attempt:
                await anyio.sleep(backoff.next_pause())
            numbered = [{"Id": str(number), **entries[number]} for number in left]
            failed = (await self.call(operation, to=to, Entries=numbered)).get("Failed", ())
            codes = {int(each["Id"]): known_code(each["Code"], None) for each in failed}
            for number in left:
                answers[number] = codes.get(number)
            on_done([number for number in left if number not in codes])
            left = [int(failure["Id"]) for failure in failed if not failure["SenderFault"]]
            if not left:
                return answers
        raise QueueError(
            f"queue {self.name}: {len(left)} of {len(entries)} entries of {operation} failed"
            f" {TRIES} times."
        )

    async def dead_letter(self, message: Message, code: str, reason: str) -> None:
        """Copy a message to the dead-letter queue. Raises SettingsError where there is none."""
        if self.dead_url is None:
            raise SettingsError(
                f"queue {self.name}: message {message.id} is invalid and there is no dead-letter"
                " queue to put it in. Give the queue a redrive policy."
            )
        order = {}
        if self.fifo:
            order = {"MessageGroupId": message.group, "MessageDeduplicationId": message.id}
        ours = ((CODE, code), (REASON, reason))[: ATTRIBUTES_AT_MOST - len(message.attributes)]
        attributes = message.attributes | {
            name: {"DataType": "String", "StringValue": text} for name, text in ours
        }
        await self.call(
            "send_message",
            to=self.dead_url,
            MessageBody=message.body.decode(),
            MessageAttributes=attributes,
            **order,
        )


def message_of(raw: Mapping[str, Any]) -> Message:
    """The message of one entry of SQS's answer."""
    system = raw.get("Attributes", {})
    return Message(
        id=raw["MessageId"],
        body=raw["Body"].encode(),
        handle=raw["ReceiptHandle"],
        receives=int(system.get("ApproximateReceiveCount", 1)),
        sent_at=int(system["SentTimestamp"]) / 1000 if "SentTimestamp" in system else None,
        group=system.get("MessageGroupId"),
        attributes={
            name: {part: value[part] for part in _OF_ATTRIBUTES if part in value}
            for name, value in raw.get("MessageAttributes", {}).items()
            if name not in (CODE, REASON)
        },
    )


def _explained(name: str, error: Exception) -> QueueError:
    todo, answered = "", isinstance(error, RedirectError)
    if isinstance(error, sdk.ClientError):
        wrong = error.response.get("Error", {}).get("Code") in _WRONG_SETTINGS
        todo = "Check its name, Region, account and policy." if wrong else "Trying again may help."
        answered = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) < 500
    kind = QueueError if answered else UnansweredError
    return kind(f"queue {name}: {error_text(error)}. {todo}".rstrip())
