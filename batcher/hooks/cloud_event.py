"""What a hook is told: one JSON object, a CloudEvents 1.0 event in structured mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from typing import Any

import msgspec
from msgspec import Struct

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class CloudEvent(Struct, frozen=True, kw_only=True):
    """An event. ``source`` and ``id`` together are of this one alone; ``time`` as in RFC 3339.

    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes
    """

    id: str
    source: str
    type: str
    time: str
    subject: str
    data: dict[str, Any]

    def encoded(self) -> bytes:
        """Return it as UTF-8, in one line."""
        fixed = {"specversion": "1.0", "datacontenttype": "application/json"}
        return msgspec.json.encode(fixed | msgspec.structs.asdict(self))
