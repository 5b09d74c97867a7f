"""The errors that batcher raises, by whose they are: yours, AWS's, the world's.

A failed update is not here: it is a Result. These end a run or refuse to start one; every message
says what is wrong, where, and what to do next.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

from batcher import error_codes
from batcher.public_records import Counts, Result


class BatcherError(Exception):
    """The root of every error that batcher raises on purpose.

    ``code``: stable, for programs. ``advice``: what to do next where its message does not say.
    ``results``: of ``update_many`` those there were when it was raised, in input order.
    """

    code: ClassVar[str]
    advice: ClassVar[str] = "Put that right, and give the same command again."
    results: tuple[Result, ...] = ()


class YourError(BatcherError):
    """Something in the input, the settings or the command has to be put right. Nothing was sent."""


class SettingsError(YourError):
    """A setting has a value that it can't have, or is not known."""

    code = error_codes.SETTINGS_INVALID
    advice = "Correct that setting, and give the same command again."


class InputError(YourError):
    """The input can't be read, or breaks the rules of the service model."""

    code = error_codes.INPUT_INVALID
    advice = "Correct that, and give the same command again."


class OutputExistsError(YourError):
    """A file that was asked for is there already. It stays as it is."""

    code = error_codes.OUTPUT_EXISTS

    def __init__(self, path: object) -> None:
        super().__init__(
            f"{path}: is there already, and stays as it is. Give another name, or replace it with"
            " --force."
        )


class RunDirectoryError(BatcherError):
    """The run directory is in use, belongs to another input, or can't be written."""

    code = error_codes.RUN_DIRECTORY


class InUseError(RunDirectoryError):
    """Another process holds the run directory."""

    code = error_codes.IN_USE


class OtherRunError(RunDirectoryError):
    """The run in a directory was begun with another input, or with settings of another meaning.

    ``differences``: which, in words.
    """

    code = error_codes.OTHER_RUN

    def __init__(self, where: object, differences: Sequence[str]) -> None:
        self.differences = "; ".join(differences)
        super().__init__(
            f"{where}: belongs to another run: {self.differences}. Put that back to resume it, or"
            " give another directory with --out to start anew."
        )


class HookError(BatcherError):
    """A hook that has to succeed before anything is sent did not. Nothing was sent."""

    code = error_codes.HOOK_REFUSED


class AwsError(BatcherError):
    """AWS will not let the run go on: no usable credentials, or no endpoint."""

    code = error_codes.AWS_UNUSABLE
    advice = "Ask batcher doctor what is in the way, then give the same command again."


class NotSentError(AwsError):
    """Requests can't leave this machine, also after they were tried for a while."""

    code = error_codes.NOT_SENT


class CredentialsError(AwsError):
    """The credentials are missing, expired or refused, also after one refresh."""

    code = error_codes.CREDENTIALS_UNUSABLE
    advice = "Renew the credentials, or give another --profile."


class OutageError(AwsError):
    """A target answered nothing but faults for as long as it is waited for (``outage_limit``).

    Or refused what it had allowed, or could not be reached. What was tried has no result.
    """

    code = error_codes.TARGET_AWAY
    advice = "Give the same command again once it answers: a run goes on with the rest."


class CredentialsOutageError(OutageError, CredentialsError):
    """A target given up because AWS refused credentials, and they could not be renewed."""

    code = error_codes.CREDENTIALS_AWAY
    advice = "Renew the credentials, and give the same command again: a run goes on with the rest."


class NotSentOutageError(OutageError, NotSentError):
    """A target given up because requests no longer left this machine."""

    code = error_codes.NOT_SENT_AWAY


class WrongAccountError(CredentialsError):
    """The credentials are of another account than the target's, or nobody can tell of which."""

    code = error_codes.WRONG_ACCOUNT
    advice = "Give the --profile of that account, or the --account that it has to be."


class RedirectError(AwsError):
    """Something that is not AWS, or not as it should be, answers with a redirect.

    It was not followed: a request and what signs it are for one host. ``status``: of HTTP;
    ``region``: where S3 says that the bucket is.
    """

    code = error_codes.REDIRECTED

    def __init__(self, status: int, host: str, region: str | None = None) -> None:
        self.status = status
        where = f"The bucket is in {region}: give that --region. Else check" if region else "Check"
        super().__init__(
            f"the answer is a redirect (status {status}) to {host}; none is followed, and nothing"
            f" was sent there. {where} --endpoint-url, DNS and proxies, and run the same command"
            " again."
        )


class JournalError(BatcherError):
    """The journal can't be written any more (disk full, read-only).

    What was written is valid; the run can be resumed.
    """

    code = error_codes.JOURNAL_FAILED
    advice = "Make room for it, and give the same command again: a run goes on with the rest."


class DamageError(JournalError):
    """A file of a run directory is not as it was written, or not of a kind that is safe to read.

    The message names the file and the line.
    """

    code = error_codes.DAMAGED
    advice = "Restore it; of a run directory batcher run --repair takes what is whole."


class OutputError(BatcherError):
    """A file that was asked for can't be written. What was there before under its name still is."""

    code = error_codes.OUTPUT_FAILED


class QueueError(BatcherError):
    """The queue, or the spool directory, can't be reached or refuses.

    It may come back; messages whose lease is over come again.
    """

    code = error_codes.QUEUE_AWAY
    advice = "Check that the queue is there and can be reached, then give the same command again."


class MissingQueueError(QueueError):
    """There is no queue at that place; enqueue and worker make one."""

    code = error_codes.QUEUE_MISSING
    advice = "Check its URL."


class UnusableQueueError(QueueError):
    """The queue's server can't hold it as it is set up: to ask again is no use."""

    code = error_codes.QUEUE_UNUSABLE
    advice = "Set its server up as docs/fleet.md says."


class StatusError(BatcherError):
    """The status page can't be served at its address: it is taken, or none of this host's."""

    code = error_codes.STATUS_ADDRESS
    advice = "Give another --http."


class ControlError(BatcherError):
    """What a run or a worker at work was to be told did not reach it, or can't be told."""

    code = error_codes.CONTROL_FAILED
    advice = "Check that it is at work and whose it is, then try again."


class UnansweredError(QueueError):
    """No answer of the queue came to a request: what was asked may have been done."""

    code = error_codes.QUEUE_UNANSWERED


class UploadError(BatcherError):
    """A part of the results is not proved to be where it was sent.

    It stays on disk, to be sent again.
    """

    code = error_codes.UPLOAD_FAILED


class UpdatesFailed(BatcherError):
    """Raised by ``BatchResult.raise_for_failures``: not every update was done.

    ``results`` are those that did not succeed, ``counts`` are of the whole batch, ``stopped`` says
    why it ended early, else None.
    """

    code = error_codes.UPDATES_FAILED

    def __init__(
        self, results: Sequence[Result], counts: Counts, stopped: str | None = None
    ) -> None:
        self.results = tuple(results)
        self.counts = counts
        self.stopped = stopped
        super().__init__(" ".join(self._sentences()))

    def __reduce__(self) -> tuple[type[Self], tuple[Any, ...]]:
        """Return how it is copied and pickled: from what it was made of, not from its text."""
        return type(self), (self.results, self.counts, self.stopped)

    def _sentences(self) -> Iterator[str]:
        if self.results:
            first = self.results[0]
            why = first.error
            said = "" if why is None else f": {why.code}"
            said += f": {why.message.rstrip('.')}" if why is not None and why.message else ""
            yield (
                f"{len(self.results)} of the updates did not succeed; the first is id {first.id}"
                f" ({first.status}{said})."
            )
        if self.stopped is not None:
            yield f"It stopped early: {self.stopped.rstrip('.')}."
        yield f"Of {self.counts}. See .results of this error for those that did not succeed."


def is_out_of_threads(error: BaseException | None) -> bool:
    """Whether Python could start no more threads, for which it has no error of its own."""
    return isinstance(error, RuntimeError) and "new thread" in str(error)
