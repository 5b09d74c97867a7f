"""The errors that batcher raises, by whose they are: yours, AWS's, the world's.

A failed update is not here: it is a Result. These end a run or refuse to start one; every message
says what is wrong, where, and what to do next.
"""

from collections.abc import Sequence

from batcher.records import Result


class BatcherError(Exception):
    """The root of every error that batcher raises on purpose."""


class YourError(BatcherError):
    """Something in the input, the settings or the command has to be put right. Nothing was sent."""


class SettingsError(YourError):
    """A setting has a value that it can't have, or is not known."""


class InputError(YourError):
    """The input can't be read, or breaks the rules of the service model."""


class RunDirectoryError(BatcherError):
    """The run directory is in use, belongs to another input, or can't be written."""


class AwsError(BatcherError):
    """AWS will not let the run go on: no usable credentials, or no endpoint."""


class CredentialsError(AwsError):
    """The credentials are missing, expired or refused, also after one refresh."""


class JournalError(BatcherError):
    """The journal can't be written any more (disk full, read-only).

    What was written is valid; the run can be resumed.
    """


class OutputError(BatcherError):
    """A file that was asked for can't be written. What was there before under its name still is."""


class QueueError(BatcherError):
    """The queue, or the spool directory, can't be reached or refuses.

    It may come back; what was lent will be lent again.
    """


class StatusError(BatcherError):
    """The status page can't be served at its address: it is taken, or none of this host's."""


class UploadError(BatcherError):
    """A part of the results is not proved to be where it was sent.

    It stays on disk, to be sent again.
    """


class UpdatesFailed(BatcherError):
    """Raised by ``BatchResult.raise_for_failures``: ``results`` are those that did not succeed."""

    def __init__(self, results: Sequence[Result]) -> None:
        self.results = tuple(results)
        first = self.results[0]
        code = first.error.code if first.error else first.status
        super().__init__(
            f"{len(self.results)} of the updates did not succeed; the first is id {first.id}"
            f" ({first.status}: {code}). See .results of this error for all of them."
        )
