"""The image of a message's update has all that undoing it takes, for the message is gone."""

import msgspec

from batcher.storage.message_images import MessageImage, content_of
from batcher.target_identity import TargetIdentity

PLACE = TargetIdentity(region="eu-west-1", account="111122223333", endpoint="https://a.example")


def message_image(number: int, kept_at: str = "2026-01-01T00:00:00.500Z") -> MessageImage:
    """Of the update of message ``m{number}`` of ``sqs:updates``, the image of trigger ``t{…}``."""
    names = {"DomainName": "acme", "EventTriggerName": f"t{number}"}
    return MessageImage(
        id=str(number),
        target="default",
        queue="sqs:updates",
        message_id=f"m{number}",
        line=number,
        kept_at=kept_at,
        place=PLACE,
        image={**names, "Description": "before"},
        asked={**names, "Description": "after"},
    )


def test_an_image_says_of_which_message_what_was_there_what_was_asked_and_where() -> None:
    line = msgspec.json.decode(msgspec.json.encode(message_image(1)))
    assert line["place"] == {
        "region": "eu-west-1",
        "account": "111122223333",
        "endpoint": "https://a.example",
    }
    assert (line["queue"], line["message_id"], line["line"]) == ("sqs:updates", "m1", 1)
    assert (line["image"]["Description"], line["asked"]["Description"]) == ("before", "after")
    assert "replaces" not in line
    assert content_of({"a": 1, "b": [2]}) == content_of({"b": [2], "a": 1}) != content_of({"a": 1})
    again = msgspec.convert(line, MessageImage)
    assert again == message_image(1)
