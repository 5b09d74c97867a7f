"""Other domains than those that lines name: how a domain's triggers are copied to another."""

from batcher.errors import SettingsError
from batcher.text_value import TextValue


class DomainMap(TextValue):
    """``OLD=NEW,…``: for some domains the one that is meant instead."""

    PATTERN = r"^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$"

    def __init__(self, text: str) -> None:
        """Raises SettingsError when a domain is given two others."""
        super().__init__(text)
        self._meant: dict[str, str] = {}
        for pair in text.split(","):
            old, _, new = pair.partition("=")
            if self._meant.setdefault(old, new) != new:
                raise SettingsError(
                    f"--domain-map: {old} can't be both {self._meant[old]} and {new}."
                    " Give one of them."
                )

    def meant(self, domain: str) -> str:
        """The domain to use where a line names that one."""
        return self._meant.get(domain, domain)
