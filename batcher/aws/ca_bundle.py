"""The file of certificates that TLS trusts instead of the SDK's own, and what is wrong with it."""

import os
import ssl

from botocore.session import Session

from batcher.foreign_text import printable

_VARIABLE, _FALLBACK = "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"


def ca_bundle(session: Session) -> tuple[str | None, str]:
    """Its path, None where it is the SDK's own; and what names it, in words."""
    if found := session.get_config_variable("ca_bundle"):
        return str(found), _VARIABLE if os.environ.get(_VARIABLE) else "the profile"
    if found := os.environ.get(_FALLBACK):
        return found, _FALLBACK
    return None, "the SDK"


def ca_bundle_fault(session: Session) -> str | None:
    """Why it can't be used, with its path and with what names it; None: it can be."""
    path, origin = ca_bundle(session)
    if path is None:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        return None
    except ssl.SSLError:
        why = "there is no certificate in it"
    except OSError as error:
        why = error.strerror or "it can't be read"
    named = "ca_bundle of the profile" if origin == "the profile" else origin
    return f"{named}: {printable(path)}: {why}. Name a file of certificates (PEM), or leave it out."
