"""The before image of a message's update: a line of ``images/`` in a results directory.

A message is gone when it is done, so its image says all that undoing it takes: what was asked, and
where.
"""

from typing import Any

import msgspec
from msgspec import Struct

from batcher.records import Count
from batcher.storage.hash_chain import line_digest
from batcher.target_identity import TargetIdentity


class KeptImage(Struct, frozen=True, kw_only=True):
    """Where an image is: the digest of its line, and the name of its file in ``images/``.

    ``content``: of what it says of the trigger, by ``content_of``.
    """

    digest: str
    file: str
    content: str


class MessageImage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a trigger was just before the update of a message.

    ``id`` and ``line`` as in the message's result, ``queue`` the URL without secrets; ``kept_at``
    UTC, ISO 8601; ``image`` and ``asked``: the request that puts it back, and that of the update;
    ``replaces``: the digest of an image that was kept for the same delivery before, and that
    nothing was sent on.
    """

    id: str
    target: str
    queue: str
    message_id: str
    line: Count
    kept_at: str
    place: TargetIdentity
    image: dict[str, Any]
    asked: dict[str, Any]
    replaces: str | None = None


def content_of(image: dict[str, Any]) -> str:
    """The digest of what an image says of its trigger, whenever it was kept."""
    return line_digest(msgspec.json.encode(image, order="sorted"))
