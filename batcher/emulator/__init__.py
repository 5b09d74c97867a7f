"""A Customer Profiles on loopback that SDK clients take for AWS.

Nothing of ``batcher`` is imported in this package, so that it can catch batcher's mistakes; shapes,
routes and statuses come from botocore's own service model. Only the names listed here are for use
outside.
"""

from batcher.emulator.buckets import Quota
from batcher.emulator.credentials import account_of
from batcher.emulator.server import Emulator

__all__ = ["Emulator", "Quota", "account_of"]
