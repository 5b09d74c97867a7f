"""A ready client of a program's own, held against what the engine needs of it.

Whoever makes a client decides about Region, endpoint, credentials and pool: a setting that says
otherwise is refused, not passed over.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from aiobotocore.client import AioBaseClient
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import ClientCreatorContext

from batcher.aws.endpoints import plain_endpoint
from batcher.aws.service_model import SERVICE
from batcher.config import Settings, TargetSettings
from batcher.errors import SettingsError

# settings that mean nothing to a ready client, whose account nobody asks for
_ITS_OWN = ("profile", "role_arn", "external_id", "account")


def operations_of(settings: Settings) -> int:
    """How many of the API's operations a batch calls side by side."""
    looks = settings.whole == "always" or settings.create_missing
    return 1 + looks + settings.create_missing


def requests_in_pool(client: Any, settings: Settings) -> int:
    """Requests of each operation that each target can have under way with a ready client."""
    users = operations_of(settings) * (len(settings.targets) or 1)
    return max(1, int(client.meta.config.max_pool_connections) // users)


def check_ready_client(
    client: Any,
    targets: Mapping[str, TargetSettings],
    *,
    operations: int,
    timeouts: Mapping[str, float],
) -> None:
    """Raise TypeError for what is no open aiobotocore client, SettingsError for one that won't do.

    ``targets``: those that it is used for; ``operations``: how many of the API's each calls, with
    ``concurrency`` requests of each at once; ``timeouts``: those that were asked for, in seconds,
    named as in the client's configuration.
    """
    if not isinstance(client, AioBaseClient):
        raise TypeError(f"client has to be an aiobotocore client, not {_described(client)}.")
    for fault in _faults(client, targets, operations, timeouts):
        raise SettingsError(f"client: {fault}.")


def _faults(
    client: AioBaseClient,
    targets: Mapping[str, TargetSettings],
    operations: int,
    timeouts: Mapping[str, float],
) -> Iterator[str]:
    if (service := client.meta.service_model.service_name) != SERVICE:
        yield f"it is one of {service}; make one of {SERVICE}"
    session = client._endpoint.http_session  # noqa: SLF001 # nothing public says it is closed
    if isinstance(session, AIOHTTPSession) and session._sessions is None:  # noqa: SLF001 # as above
        yield "it is closed; use it within the `async with` that opens it"
    yield from _retry_faults(client.meta.config.retries)
    yield from _pool_faults(client.meta.config.max_pool_connections, targets, operations)
    for name, seconds in timeouts.items():
        if (own := getattr(client.meta.config, name)) != seconds:
            yield f"its {name} is {own:g}, and not {seconds:g}; leave {name} out"
    for target in targets.values():
        yield from _contradictions(client, target)


def _retry_faults(retries: Mapping[str, Any]) -> Iterator[str]:
    mode, attempts = retries.get("mode"), retries.get("total_max_attempts")
    if mode == "adaptive" or attempts != 1:
        yield (
            f"its own retries are on ({mode}, {attempts or 'several'} attempts), without tokens of"
            " the quota; make it with AioConfig(retries={'mode': 'standard', 'total_max_attempts':"
            " 1})"
        )


def _pool_faults(
    pool: int, targets: Mapping[str, TargetSettings], operations: int
) -> Iterator[str]:
    needed = operations * sum(
        1 if target.concurrency == "auto" else target.concurrency for target in targets.values()
    )
    if pool < needed:
        fitting = pool // (operations * len(targets))
        smaller = f"give concurrency={fitting}, or " if fitting else ""
        yield (
            f"its pool has {pool} connections, and {needed} requests may be under way at once;"
            f" {smaller}make it with AioConfig(max_pool_connections={needed})"
        )


def _contradictions(client: AioBaseClient, target: TargetSettings) -> Iterator[str]:
    for name in _ITS_OWN:
        if getattr(target, name) is not None:
            yield f"its credentials are its own matter; leave {name} out"
    region, endpoint = client.meta.region_name, client.meta.endpoint_url
    if target.region not in (None, region):
        yield f"it is of {region}, and not of {target.region}; leave region out"
    there = target.endpoint_url or endpoint
    if plain_endpoint(there, region) != plain_endpoint(endpoint, region):
        yield f"it calls {endpoint}, and not {target.endpoint_url}; leave endpoint_url out"


def _described(client: object) -> str:
    kind = type(client)
    if isinstance(client, ClientCreatorContext):
        return "the context manager that opens one: async with it as client"
    if kind.__module__.startswith(("botocore", "boto3")):
        return "one of boto3, whose calls would hold up everything else"
    return f"{kind.__module__}.{kind.__qualname__}"
