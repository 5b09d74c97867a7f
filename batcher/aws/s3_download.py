"""An object of Amazon S3 as input, as a stream of its bytes. Errors of botocore stop here."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import botocore.exceptions as sdk
from botocore.config import Config
from botocore.session import Session

from batcher.accounting.verdicts import BY_CODE, Verdict, known_code
from batcher.aws.answers import bucket_region, refuse_redirects
from batcher.aws.credentials import NO_CREDENTIALS_ERRORS, region_of
from batcher.aws.mfa import ask_for_mfa_once
from batcher.aws.s3_address import s3_place
from batcher.aws.sdk_errors import error_text
from batcher.errors import (
    AwsError,
    BatcherError,
    CredentialsError,
    InputError,
    RedirectError,
)


@contextmanager
def s3_object(url: str, profile: str | None, region: str | None) -> Iterator[BinaryIO]:
    """The content of ``s3://BUCKET/KEY``, to be read once. The role needs s3:GetObject there.

    ``region``: by default that of the environment, or of the profile.

    An answer without a length, bytes fewer than announced, or others than the object's checksum
    says, are an error too. Raises InputError, CredentialsError, and AwsError where S3 can't be
    reached or answers oddly; also while the stream is read.
    """
    bucket, key = s3_place(url) or ("", "")
    if not key or key.endswith("/"):
        raise InputError(f"{url}: not an object in S3. Give s3://BUCKET/KEY.")
    try:
        session = Session(profile=profile)
        ask_for_mfa_once(session)
        client: Any = session.create_client(
            "s3",
            region_name=region_of(session, region),
            config=Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"}),
        )
        refuse_redirects(client)
        http = client._endpoint.http_session  # noqa: SLF001 # no public way to it
        pools = http._pool_classes_by_scheme  # noqa: SLF001 # as above
        answers: list[Any] = []
        for scheme, pool in pools.items():
            pools[scheme] = _without_redirects(pool, answers)
        try:
            found = client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            yield cast(BinaryIO, _Body(url, found))
        finally:
            for each in answers:  # also one that botocore can't read, and leaves open
                each.close()
            client.close()
    except sdk.ClientError as error:
        raise _refused(url, error) from error
    except (*NO_CREDENTIALS_ERRORS, sdk.ProfileNotFound) as error:
        raise CredentialsError(
            f"{url}: {error_text(error)}. Give a --profile that may read it."
        ) from error
    except RedirectError as error:
        raise AwsError(f"{url}: {error}") from error
    except (sdk.BotoCoreError, ValueError) as error:
        raise _unreadable(url, _why(error)) from error


class _Body:
    """An object as it comes, block by block. Raises AwsError where the answer is none."""

    def __init__(self, url: str, answer: Mapping[str, Any]) -> None:
        self._url = url
        self._body = answer["Body"]
        self._begun = False
        status = answer["ResponseMetadata"]["HTTPStatusCode"]
        if status != OK:
            raise _unreadable(url, f"S3 answers with status {status}, and not with a whole object")
        if answer.get("ContentLength") is None:  # else nobody can tell a part from the whole
            raise _unreadable(url, "the answer does not say how long the object is")

    def read(self, size: int) -> bytes:
        block: bytes = self._body.read(size)
        if not self._begun and (found := _ERROR.match(block[:1000])):
            code = known_code((found[1] or b"").decode(), None)
            raise _unreadable(self._url, f"the answer is an error and no object: {code}")
        self._begun = True
        return block


def _without_redirects(pool: type[Any], answers: list[Any]) -> type[Any]:
    """A class of urllib3's pools that leaves a redirect alone; of a 303 it makes a new request.

    What comes back is put into ``answers``.
    """

    class Pool(pool):  # type: ignore[misc] # no stubs
        def urlopen(self, *args: Any, **more: Any) -> Any:
            answers.append(super().urlopen(*args, **more | {"redirect": False}))
            return answers[-1]

    return Pool


def _refused(url: str, error: sdk.ClientError) -> BatcherError:
    """What an answer that refuses means, and what to do."""
    metadata = error.response.get("ResponseMetadata", {})
    status, headers = metadata.get("HTTPStatusCode") or 0, metadata.get("HTTPHeaders", {})
    said = f"{url}: {error_text(error)}"
    if (place := bucket_region(headers)) and status in (301, 307, 400):
        return InputError(f"{said}. The bucket is in {place}: give --region {place}.")
    match BY_CODE.get(known_code(error.response.get("Error", {}).get("Code"), status)):
        case Verdict.CREDENTIALS:
            return CredentialsError(f"{said}. Renew the credentials, or give another --profile.")
        case verdict if (verdict and verdict.retryable) or status >= 500:
            return _unreadable(url, error_text(error))
    return InputError(said)


def _why(error: Exception) -> str:
    """Why an object could not be read, in words."""
    match error:
        case sdk.IncompleteReadError(kwargs={"actual_bytes": got, "expected_bytes": all_of}):
            return f"{got} of {all_of} bytes came"
        case sdk.FlexibleChecksumError():
            return "what came has another checksum than the object"
        case sdk.BotoCoreError():
            return error_text(error).rstrip(".")
    return f"the answer is none that can be read ({type(error).__name__})"


def _unreadable(url: str, why: str) -> AwsError:
    return AwsError(f"{url}: can't be fetched: {why}. Run the same command again when it can be.")


OK = 200  # status of HTTP; 206 has a part
_ERROR = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<Error>(?:\s*<Code>([A-Za-z0-9.]{1,100})</Code>)?")
