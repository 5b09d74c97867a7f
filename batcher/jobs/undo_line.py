"""One update undone: the line that puts its before image back, and what it is based on."""

from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from batcher.accounting.verdicts import is_maybe_applied
from batcher.records import BriefResult, Update
from batcher.triggers.diff import digest, irreversible, merged
from batcher.triggers.omission import cleared
from batcher.wiring.line_readers import installed_update_model

MAYBE_APPLIED, NO_RESULT = "maybe_applied", "no_result"


class Undo(Struct, frozen=True, kw_only=True):
    """One update undone.

    ``line``: the update line that does it; ``remains``: members that an update can't take away;
    ``sure``: it is known to have been applied; ``target``: of the update; ``kind``: the status of
    its result, "maybe_applied" where that is failed and it may have been, and "no_result".
    """

    target: str
    kind: str
    line: dict[str, Any]
    remains: list[str]
    sure: bool


class UndoneResult(BriefResult, frozen=True, kw_only=True, gc=False):
    """What undoing an update needs of its result; members as in Result."""

    digest: str | UnsetType = UNSET


def make_undo(
    update: Update,
    result: UndoneResult | None,
    image: dict[str, Any],
    left: dict[str, Any],
    stays: Callable[[str], bool],
) -> Undo:
    """What puts back ``image``, which is what the trigger was before that update.

    ``left``: what undoing later updates of the trigger leaves behind; ``stays``: whether a member
    that an update leaves out does. Without a digest in the result nobody knows what the trigger
    became: then it is what was asked, or that and all else cleared.
    """
    after = None if left or result is None else result.digest
    return Undo(
        target=update.target,
        kind=_kind(result),
        line={
            **image,
            "based_on": {"sha256": after} if after else _basis(update, result, image, left),
        },
        remains=[each for each in irreversible(update.request, image) if stays(each)],
        sure=result is not None and (result.status == "succeeded" or bool(result.digest)),
    )


def _kind(result: UndoneResult | None) -> str:
    if result is None:
        return NO_RESULT
    return MAYBE_APPLIED if is_maybe_applied(result) else result.status


def _basis(
    update: Update, result: UndoneResult | None, image: dict[str, Any], left: dict[str, Any]
) -> dict[str, str]:
    """What the update has made of its trigger, where its result does not tell, as digests."""
    writable = installed_update_model().writable
    before = {name: value for name, value in image.items() if name[0].isupper()}
    made = merged(update.request, before, writable) | left
    if result is not None and isinstance(result.lost, list):  # it was deleted first
        made = {} if result.status == "failed" else update.request
    basis = {"sha256": digest(made, writable)}
    is_open = result is None or result.status in ("in_doubt", "differs") or is_maybe_applied(result)
    if not left and is_open:
        basis["cleared_sha256"] = digest(cleared(update.request, before), writable)
    return basis
