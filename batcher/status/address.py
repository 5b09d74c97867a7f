"""Where the HTTP server of a worker listens, and what can be wrong with that."""

import errno
import os
import re
from ipaddress import IPv6Address, ip_address

from batcher.errors import SettingsError

LOOPBACK = "127.0.0.1"

_ADDRESS = re.compile(r"(?:(?P<host>[A-Za-z0-9._-]*|\[[^\]]+\]):)?(?P<port>[0-9]{1,5})")


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; ``PORT`` and ``:PORT`` are on the loopback.

    IPv6 is in brackets. Port 0 takes a free one. Raises SettingsError.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise SettingsError(
            f"--http: can't be {text!r}. Give HOST:PORT, as in 127.0.0.1:9090, [::1]:9090 or 9090."
        )
    host = match["host"] or LOOPBACK
    if host.startswith("["):
        host = host[1:-1]
        try:
            IPv6Address(host)
        except ValueError as error:
            raise SettingsError(
                f"--http: can't be {text!r}: {error}. In brackets is an IPv6 address."
            ) from error
    return host, int(match["port"])


def is_loopback(host: str) -> bool:
    """Whether nobody but this host reaches that; a name other than localhost may mean any."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def shown_address(host: str, port: int) -> str:
    """``HOST:PORT``, IPv6 in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def cannot_listen(host: str, port: int, error: OSError) -> str:
    """Why nothing can listen there, and what to do, in words."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"--http {shown_address(host, port)}: another program listens there. Give another"
            " port, or 0 for a free one."
        )
    # below 0: names not found
    reason = os.strerror(number) if (number := error.errno or 0) > 0 else error.strerror
    return (
        f"--http {shown_address(host, port)}: can't listen there: {reason}. Give an address of this"
        " host and a free port."
    )
