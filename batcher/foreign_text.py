"""Text that others wrote, as it may be shown: by known phrases, without secrets, in one line.

Everything that quotes a message, an error or a URL of somebody else quotes what comes out of here.
Nothing is searched for and taken out: what is not known to be harmless is left away.
"""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

from batcher.printable_text import printable as printable

LEFT_OUT = "…"

_GAP = " \t\r\n.,;:'\""  # between two phrases, this is nothing
# bounded: else a long text without one takes quadratic time
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{,30}://", re.IGNORECASE)
_PLACE = re.compile(r"[\w.:\[\]-]*", re.ASCII)  # host and port
# parameters of a URL that may be shown: names, numbers, and paths of files
_HARMLESS = re.compile(
    r"stream|db|ssl_(?:ca_(?:certs|path)|certfile|keyfile|cert_reqs|check_hostname)"
)
_NO_SECRET = re.compile(rf"{_HARMLESS.pattern}|client_name|ssl_(?!password).*")

_SECRET = re.compile("pass|pwd|secret|token|key|auth|cred|sig|user|data", re.IGNORECASE)


def withheld(count: int) -> str:
    """What stands for so many characters that may say anything."""
    return f"[withheld: {count} characters]"


def known_phrases(
    text: str, known: re.Pattern[str], spell: Callable[[str], str] = lambda phrase: phrase
) -> str:
    """The phrases of a text that are ``known``, and how much else there was.

    ``spell``: how a phrase is written.
    """
    phrases, left, end = [], 0, 0
    for match in known.finditer(text):
        left += _weight(text[end : match.start()])
        phrases.append(spell(match[0]))
        end = match.end()
    left += _weight(text[end:])
    said = "; ".join(phrases).replace(":; ", ": ").replace("; [", " [")
    return " ".join(filter(None, (said, withheld(left) if left else "")))


def _weight(gap: str) -> int:
    return len(gap) if gap.strip(_GAP) else 0


def shown_url(text: str) -> str:
    """A URL without user, password, fragment, and parameters that may be secret.

    One that can't be read is its scheme alone. A name or a path stays as it is.
    """
    if (scheme := _SCHEME.search(text)) is None:
        is_path = text.startswith("spool:") or not set("@?") & set(text)
        return text if is_path else LEFT_OUT
    hidden = f"{text[: scheme.end()]}{LEFT_OUT}"
    try:
        parts = urlsplit(text[scheme.start() :])
        parameters = parse_qsl(parts.query, keep_blank_values=True)
        _ = parts.port  # raises ValueError for what is no number
    except ValueError:
        return hidden
    place = parts.netloc.rpartition("@")[2]
    # an @ further on: there is a / or a # in the password, and nobody knows where it ends
    if not _PLACE.fullmatch(place) or "@" in parts.path + parts.query + parts.fragment:
        return hidden
    query = urlencode([each for each in parameters if _HARMLESS.fullmatch(each[0])], safe="/:")
    return f"{text[: scheme.end()]}{place}{parts.path}" + (f"?{query}" if query else "")


def holds_secret(text: str) -> bool:
    """Whether a URL has a part that is a password or the like; a name or a path has none."""
    if (scheme := _SCHEME.search(text)) is None:
        return LEFT_OUT in shown_url(text)
    rest = text[scheme.start() :]
    try:
        parts = urlsplit(rest)
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:  # nobody knows what is what
        return True
    if "@" in rest or parts.netloc.startswith(":") or parts.fragment:
        return True
    return any(_SECRET.search(name) and not _NO_SECRET.fullmatch(name) for name in names)


def shortened(text: str, at_most: int) -> str:
    """A text of at most about that many characters, and how long it was where it is cut."""
    return (
        text if len(text) <= at_most else f"{text[:at_most]}{LEFT_OUT} [{len(text):,} characters]"
    )
