"""What an answer says about the bucket, and the ticket that it belongs to."""

import msgspec
from msgspec.structs import replace

from batcher.quota.observation import Observation, Ticket


def test_the_words_of_a_fleets_log_stay() -> None:
    words = [b'"accepted"', b'"throttled"', b'"unknown"', b'"unsent"']
    assert [msgspec.json.encode(each) for each in Observation] == words
    assert [msgspec.json.decode(word, type=Observation) for word in words] == list(Observation)


def test_a_ticket_can_be_corrected_by_who_knows_better_when_it_left() -> None:
    ticket = Ticket(number=3, sent=1.0, rate=5.0, prompt=True, decided=1.0)
    assert replace(ticket, sent=1.5) == Ticket(3, 1.5, 5.0, True, 1.0)
