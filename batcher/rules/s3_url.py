"""What ``s3://BUCKET/…`` names."""

import re

SCHEME = "s3://"
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


def s3_place(url: str) -> tuple[str, str] | None:
    """The bucket, and what comes after it without the slash between them; None when it is no
    place in S3.
    """
    match = _URL.fullmatch(url)
    return None if match is None else (match[1], match[2] or "")
