"""What is kept of AWS's messages: the path of a member and the constraint, by known phrases.

They quote values in any form, and of a wrong signature the session token. A phrase is made of the
words here, of small numbers, and of names that the service model publishes.
"""

import re
from collections.abc import Iterable
from functools import cached_property

from batcher.foreign_text import known_phrases

_NUMBER = r"-?\d{1,9}(?:\.\d{1,3})?"
_SERVICES = "profile|sts|sqs|s3|kms|sso"
_OPERATIONS = (
    "(?:Update|Create|Get)EventTrigger|ListEventTriggers|ListDomains|ListTagsForResource"
    "|AssumeRole(?:WithWebIdentity|WithSAML)?|GetCallerIdentity|GetRoleCredentials|TagSession"
    "|SendMessage(?:Batch)?|ReceiveMessage|DeleteMessage(?:Batch)?|GetQueueUrl|GetQueueAttributes"
    "|ChangeMessageVisibility(?:Batch)?|(?:Put|Get|Head)Object|Decrypt|GenerateDataKey"
)
_ACTION = rf"(?:{_SERVICES}):(?:{_OPERATIONS})\b"
_POLICY = (
    "(?:identity-based|resource-based|service control|resource control|session|VPC endpoint)"
    " policy|permissions boundary"
)
_SENTENCES = (
    rf"is not authorized to perform: {_ACTION}",
    rf"because no (?:{_POLICY}) allows the {_ACTION} action",
    rf"with an explicit deny in an? (?:{_POLICY})",
    r"User is not authorized",
    r"does not exist, or access was denied",
    r"does not exist(?: or you do not have access to it| for this wsdl version| in our records)?",
    r"already exists",
    r"\d{1,3} validation errors? detected:",
    r"Rate exceeded",
    r"Too Many Requests",
    r"Access Denied",
    r"Internal (?:server error|failure|error)",
    r"Service Unavailable",
    r"Please reduce your request rate",
    r"Missing Authentication Token",
    r"The security token included in the request is (?:expired|invalid)",
    r"The provided token has expired",
    r"Signature expired",
    r"Signature not yet current",
    r"The request signature we calculated does not match the signature you provided",
    r"Check your AWS Secret Access Key and signing method",
    r"The AWS Access Key Id you provided",
    r"Unable to determine service/operation name to be authorized",
    r"The NextToken is not valid",
    r"The specified (?:bucket|key|queue)",
    r"One or more parameters are invalid",
    r"Message must be shorter than \d{1,9} bytes",
    r"Invalid endpoint",
    r"timed out",
    r"Connection refused",
    rf"calling the (?:{_OPERATIONS}) operation",
    r"\[withheld: \d{1,9} characters\]",
)


class AwsMessages:
    """The phrases to keep. ``names``: members, enum values and patterns that a model publishes."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(names)

    @cached_property
    def _known(self) -> re.Pattern[str]:
        """The phrases; made for the first message, as most work has none."""
        constants = sorted(self._names, key=len, reverse=True)
        name = "|".join(map(re.escape, constants)) or r"(?!)"
        part = rf"(?:(?i:{name})|member|\d{{1,3}})(?:\[\d{{1,3}}\])?"
        path = rf"{part}(?:\.{part})*"
        rule = (
            rf"Member must (?:have (?:length|value) (?:less|greater) than or equal to {_NUMBER}"
            r"|not be (?:null|empty|blank)"
            r"|be an? (?:string|list|map|structure|boolean|number|(?:\d\d-bit )?integer)"
            rf"|satisfy regular expression pattern(?:: (?:{name}))?"
            rf"|satisfy enum value set(?:: \[(?:{name})(?:, (?:{name}))*\])?)"
        )
        nested = rf"(?:Map (?:keys|value)|Member) must satisfy constraint: \[{rule}(?:, {rule})*\]"
        at = rf"(?:Value )?\bat '{path}' failed to satisfy constraint: (?:{nested}|{rule})"
        sdk = rf"Invalid (?:type|length|range) for parameter {path}\b"
        return re.compile("|".join((at, sdk, *(rf"(?i:{each})" for each in _SENTENCES))))

    def keep(self, text: str) -> str:
        """The known phrases of a message, and how many other characters it has."""
        return known_phrases(text, self._known, _with_subject)


def _with_subject(phrase: str) -> str:
    return f"Value {phrase}" if phrase.startswith("at '") else phrase
