"""Why work is done and what it belongs to, as people say it, and as tags of a role session.

What a tag takes: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from collections.abc import Mapping
from unicodedata import category

from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.text_value import TextValue

REASON = "reason"  # the key of the tag that has the reason
MOST_TAGS, LONGEST_KEY, LONGEST_VALUE = 50, 128, 256
_TAKEN = frozenset("_.:/=+-@")


class Labels(TextValue):
    """``K=V,…``: labels in the order in which they were given; each goes as a tag.

    ``pairs``: value by key.
    """

    PATTERN = r"[^=,]+=[^,]*(,[^=,]+=[^,]*)*"

    def __init__(self, given: str | Mapping[str, str]) -> None:
        """Raises ValueError for no pairs, SettingsError for a pair that can be no tag."""
        if isinstance(given, Mapping):
            given = ",".join(f"{key}={value}" for key, value in given.items())
        super().__init__(given)
        self.pairs: dict[str, str] = {}
        keys = {REASON: REASON}  # case does not count among tags
        for pair in given.split(","):
            key, value = (part.strip() for part in pair.split("=", 1))
            _check(key, value)
            if (same := keys.setdefault(key.lower(), key)) is not key:
                raise SettingsError(
                    "--label: reason is what --reason gives."
                    if same is REASON
                    else f"--label: {same} and {key} are one key. Give one of them."
                )
            self.pairs[key] = value
        if len(keys) > MOST_TAGS:
            raise SettingsError(f"--label: {len(keys) - 1} are more than {MOST_TAGS - 1}.")


def session_tags(reason: str | None, labels: Labels | None) -> dict[str, str]:
    """The tags of a role session for that work: what a tag can't hold of the reason is ``_``."""
    tags = {} if labels is None else dict(labels.pairs)
    if reason is not None:
        written = "".join(each if _is_taken(each) else "_" for each in reason)
        tags[REASON] = written[:LONGEST_VALUE].strip()
    return tags


def _check(key: str, value: str) -> None:
    known = all(map(_is_taken, key + value))
    if not key or not known or len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
        raise SettingsError(
            f"--label: {printable(f'{key}={value}')[:300]} can be no tag: give K=V of letters,"
            f" digits, blanks and _ . : / = + - @, K of 1 to {LONGEST_KEY} characters without =,"
            f" V of at most {LONGEST_VALUE}."
        )
    if key.lower().startswith("aws:"):
        raise SettingsError(f"--label: {key}: keys that begin with aws: are AWS's own.")


def _is_taken(character: str) -> bool:
    return character in _TAKEN or category(character)[0] in "LNZ"
