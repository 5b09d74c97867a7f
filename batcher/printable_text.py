"""Text as it may go to a terminal or a log: in one line, and steering nothing.

Light: every start imports it.
"""

from unicodedata import category

# control, direction, half of a surrogate pair, ends of lines and paragraphs
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""A text in one line, for a terminal or a log: control characters as ``\u001b``.

    What was JSON in one line stays the same JSON.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(each) if category(each) in _UNPRINTABLE else each for each in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
