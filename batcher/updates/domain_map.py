"""Other domains than those that lines name: how a domain's triggers are copied to another."""

from batcher.errors import SettingsError
from batcher.text_value import TextValue


class DomainMap(TextValue):
    """``OLD=NEW,…``: for some domains the one to use instead."""

    PATTERN = r"[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*"

    def __init__(self, text: str) -> None:
        """Raises SettingsError when a domain is given two others."""
        super().__init__(text)
        self._renamed: dict[str, str] = {}
        for pair in text.split(","):
            old, _, new = pair.partition("=")
            if self._renamed.setdefault(old, new) != new:
                raise SettingsError(
                    f"--domain-map: {old} can't be both {self._renamed[old]} and {new}."
                    " Give one of them."
                )

    def sources(self, domain: str) -> list[str]:
        """The domains, other than itself, that are given that one instead."""
        return [old for old, new in self._renamed.items() if new == domain != old]

    def renamed(self, domain: str) -> str:
        """The domain to use where a line names ``domain``."""
        return self._renamed.get(domain, domain)
