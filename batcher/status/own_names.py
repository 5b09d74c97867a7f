"""By which names a web server on this host may be called: no web page can make up one of them.

A page in a browser can have its own name lead here (DNS rebinding), and send requests from
elsewhere; the headers Host and Origin tell.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.IGNORECASE)
# nobody can register these
_PRIVATE = re.compile(r"[a-z0-9_-]+|[a-z0-9._-]+\.(?:local|internal|svc)")


def refused_by(hosts: Sequence[str], origin: str | None, bound: str) -> tuple[int, str] | None:
    """Why a request is not answered: status and words; None where it is.

    ``hosts`` and ``origin``: its headers; ``bound``: the host where the server listens. There are
    allowed: that, localhost, and loopback addresses; where it listens everywhere, any address and
    any name that only this network has.
    """
    if len(hosts) != 1 or (match := _HOST.fullmatch(hosts[0])) is None:
        return 400, "the header Host is missing, or none"
    if not _is_own(match[1].strip("[]").lower(), bound.lower()):
        return 403, "the header Host names another host"
    if origin is not None and origin.partition("://")[2].lower() != hosts[0].lower():
        return 403, "the header Origin is of another page"
    return None


def _is_own(name: str, bound: str) -> bool:
    called, listens = _address(name), _address(bound)
    everywhere = bound in ("", "0") or (listens is not None and listens.is_unspecified)
    if called is None:
        private = everywhere and _PRIVATE.fullmatch(name) is not None
        return name in ("localhost", bound) or private
    return called.is_loopback or everywhere or called == listens


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that is written there, in one of its many ways; None for a name."""
    try:
        return ip_address(text)
    except ValueError:
        return None
