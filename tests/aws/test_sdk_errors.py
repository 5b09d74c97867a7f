"""Of an error of the SDK its own sentence is shown, and nothing that an answer put into it."""

import socket
import ssl
import string
from typing import Any

import botocore.exceptions as sdk
import pytest

from batcher.aws.sdk_errors import ShownText, error_text
from batcher.errors import WrongAccountError
from tests.quoting_forms import FORMS, shows

SECRET = "Käufer Zoë: ruf 4711, wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def errors_of_the_sdk() -> list[type[Any]]:
    """Every error that botocore has a sentence for."""
    kinds = [each for each in vars(sdk).values() if isinstance(each, type)]
    return [each for each in kinds if issubclass(each, sdk.BotoCoreError)]


class Everything(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return self["any"]


@pytest.mark.parametrize("kind", errors_of_the_sdk(), ids=lambda kind: kind.__name__)
def test_what_is_put_into_a_sentence_of_the_sdk_is_not_shown(kind: type[Any]) -> None:

    names = {name for _, name, _, _ in string.Formatter().parse(kind.fmt) if name}
    hidden = names - {
        "path",
        "provider",
        "profile",
        "profile_name",
        "region_name",
        "service_name",
        "env_var",
        "cred_var",
    }
    try:
        error = kind(**{name: SECRET if name in hidden else "eu" for name in names})
    except Exception:
        pytest.skip("made from something else")
    assert not shows(error_text(error), SECRET)


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_in_an_error_is_not_shown_in_any_form(form: str) -> None:
    quoted = "x" + FORMS[form](SECRET)
    said = {"Error": {"Code": quoted, "Message": quoted}}
    for error in (
        sdk.ClientError(said, "AssumeRole"),
        sdk.CredentialRetrievalError(provider="role", error_msg=quoted),
        sdk.HTTPClientError(error=quoted),
        sdk.ProxyConnectionError(proxy_url=f"http://u:{quoted}@proxy:1", error=quoted),
        OSError(quoted),
        RuntimeError(quoted),
    ):
        assert not shows(error_text(error), SECRET)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (sdk.NoCredentialsError(), "Unable to locate credentials"),
        (
            sdk.EndpointConnectionError(endpoint_url="http://u:pw@h:1/p?key=x", error="y"),
            'Could not connect to the endpoint URL: "http://h:1/p"',
        ),
        (sdk.ProfileNotFound(profile="prod"), "The config profile (prod) could not be found"),
        (
            sdk.CredentialRetrievalError(
                provider="arn:aws:iam::1:role/r",
                error_msg="An error occurred (AccessDenied) when calling the AssumeRole operation:"
                " User: arn:x is not authorized to perform: sts:AssumeRole on resource: y",
            ),
            "Error when retrieving credentials from arn:aws:iam::1:role/r: calling the AssumeRole"
            " operation; is not authorized to perform: sts:AssumeRole [withheld: 67 characters]",
        ),
        (
            sdk.ClientError(
                {"Error": {"Code": "NoSuchKey", "Message": "The specified key x"}}, "G"
            ),
            "NoSuchKey: The specified key [withheld: 2 characters]",
        ),
        (
            sdk.CredentialRetrievalError(provider="p", error_msg=ShownText("the session is over")),
            "Error when retrieving credentials from p: the session is over",
        ),
        (ConnectionRefusedError(111, "x"), "ConnectionRefusedError: Connection refused"),
        (socket.gaierror(-2, "Name or service not known"), "gaierror: Name or service not known"),
        (ssl.SSLError(1, "x"), "SSLError"),
        (WrongAccountError("of another account"), "of another account"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_is_known_to_be_harmless_is_said(error: Exception, text: str) -> None:
    assert error_text(error) == text
