"""The place of before images where none are kept."""

from collections.abc import Mapping
from typing import Any

from batcher.records import Update


class NoBeforeImages:
    """The BeforeImageStore port of who keeps none."""

    def kept(self, update: Update) -> bool:
        return False

    def before(self, update: Update) -> Mapping[str, Any] | None:
        return None

    def lost(self, update: Update) -> dict[str, Any] | None:
        return None

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        return None
