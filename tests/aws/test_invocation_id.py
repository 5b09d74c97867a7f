"""Ids of requests: UUIDs, and other ones in each copy of a process."""

import os
from random import Random
from uuid import RFC_4122, UUID

from batcher.aws.invocation_id import invocation_id

LENGTH = len(str(UUID(int=0)))


def test_each_is_a_random_uuid_of_its_own() -> None:
    made = {invocation_id() for _ in range(10_000)}
    assert len(made) == 10_000
    for text in made:
        read = UUID(text)
        assert (read.version, read.variant, str(read)) == (4, RFC_4122, text)


def test_a_process_and_what_it_forks_have_other_ones() -> None:
    reading, writing = os.pipe()
    for _ in range(2):
        if not (child := os.fork()):
            try:
                os.write(writing, b"".join(invocation_id().encode() for _ in range(20)))
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    made = [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]
    made += [invocation_id() for _ in range(20)]
    drawn = {text[:23] for text in made}  # without what the time says
    assert len(drawn) == len(made) == 60


def test_copies_of_a_memory_that_draw_the_same_numbers_have_other_ones() -> None:
    assert invocation_id(Random(1).getrandbits) != invocation_id(Random(1).getrandbits)
