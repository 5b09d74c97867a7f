"""The queues that workers are tested on."""

from tests.queues.conftest import credentials, place, redis, sqs

__all__ = ["credentials", "place", "redis", "sqs"]
