"""What a trigger is called in messages: beside several targets not without its target."""

from typing import Protocol


class OfTrigger(Protocol):
    """What is of a trigger: an update, a result, a finding about it."""

    @property
    def domain(self) -> str | None: ...

    @property
    def trigger(self) -> str | None: ...

    @property
    def target(self) -> str: ...


def name_of(each: OfTrigger, *, names_targets: bool) -> str:
    """The name of its trigger, as ``trigger_name`` has it. ``names_targets``: there are several."""
    return trigger_name(each.domain, each.trigger, each.target if names_targets else None)


def trigger_name(domain: str | None, trigger: str | None, target: str | None = None) -> str:
    """``acme/cart-1``, and ``acme/cart-1 (target prod-eu)`` where there are several targets.

    ``target``: its own; None where there is one target only.
    """
    of = "" if target is None else f" (target {target})"
    return f"{domain}/{trigger}{of}"
