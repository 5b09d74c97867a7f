"""What a command says while it waits for credentials and has no log open to say it in."""

from contextlib import AbstractContextManager

from structlog.typing import EventDict

from batcher.cli.output.echo import echo
from batcher.logs import told_without_outputs


def with_credential_notice() -> AbstractContextManager[None]:
    """Say on standard error whom a command waits for before its work begins."""
    return told_without_outputs(_tell)


def _tell(event: EventDict) -> None:
    if event["event"] == "credentials.awaited":
        echo(f"Waits for {event['by']}, at most {event['at_most_seconds']:g} s.", err=True)
