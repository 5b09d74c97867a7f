"""What a trigger is called in messages: beside several targets not without its target."""


def trigger_name(domain: str | None, trigger: str | None, target: str | None = None) -> str:
    """``acme/cart-1``, and ``acme/cart-1 (target prod-eu)`` where there are several targets.

    ``target``: its own; None where there is one target only.
    """
    of = "" if target is None else f" (target {target})"
    return f"{domain}/{trigger}{of}"
