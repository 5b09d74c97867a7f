"""Which of the model's constants is meant by a text that is none of them."""

import difflib
import re
from collections.abc import Sequence

ALIKE = 0.75  # how alike the two have to be, by difflib
READ_AT_MOST = 64  # characters

# words of other tools, and the constants that say the same; used where the model has these
_OTHER_WORDS = {
    word: constant
    for constant, words in {
        "EQUAL": "= == EQ EQUALS IS",
        "EXCLUSIVE": "!= <> NE NEQ NOT_EQUAL NOT_EQUALS NOT_IN NIN NOT_CONTAINS NONE_OF",
        "INCLUSIVE": "IN ONE_OF ANY_OF",
        "GREATER_THAN": "> GT GREATER MORE_THAN",
        "GREATER_THAN_OR_EQUAL": ">= GE GTE AT_LEAST GREATER_THAN_OR_EQUAL_TO",
        "LESS_THAN": "< LT LESS",
        "LESS_THAN_OR_EQUAL": "<= LE LTE AT_MOST LESS_THAN_OR_EQUAL_TO",
        "BEGINS_WITH": "STARTS_WITH PREFIX",
        "ENDS_WITH": "SUFFIX",
        "CONTAINS": "LIKE INCLUDES",
        "ALL": "AND && EVERY",
        "ANY": "OR || SOME",
        "NONE": "NOT NOR NEITHER",
        "MINUTES": "M MIN MINS",
        "HOURS": "H HR HOURLY",
        "DAYS": "D DAILY",
        "WEEKS": "W WEEKLY",
        "MONTHS": "MONTHLY",
    }.items()
    for word in words.split()
}


def meant_constant(value: object, options: Sequence[str]) -> str | None:
    """The option that a text stands for; None where that is not plain, or would turn its sense."""
    if not isinstance(value, str) or len(value) > READ_AT_MOST:
        return None
    given = _spelled(value)
    for word in (given, f"{given}S", given.removesuffix("S"), _OTHER_WORDS.get(given)):
        if word in options:
            return word
    near = difflib.get_close_matches(given, options, 1, ALIKE)
    return near[0] if near and _is_of_same_sense(given, near[0]) else None


def _spelled(value: str) -> str:
    """A text in the letters of a constant: notContains, "not contains" as NOT_CONTAINS."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", value.strip())
    return re.sub(r"[\s_-]+", "_", parted).upper()


def _is_of_same_sense(given: str, option: str) -> bool:
    """Whether a text is more likely a slip of the pen than the opposite: nothing goes before it."""
    return given[:1] == option[:1] and ("NO" in given) == ("NO" in option)
