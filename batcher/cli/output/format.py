"""Examples as people copy them."""


def example(command: str) -> str:
    """The end of a command's ``--help``: in one line at any width, to be copied."""
    return f"\b\nExample: {command}"
