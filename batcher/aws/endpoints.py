"""Which hosts are AWS's own, by the partitions that botocore knows, and the proxies on the way."""

from functools import cache
from urllib.parse import urlsplit

from botocore.utils import get_environ_proxies

from batcher.aws.service_model import model_loader


def aws_service_host(host: str) -> str | None:
    """What stands before the domain of an AWS partition (``sqs.eu-west-1``); None: not AWS's."""
    host = host.lower().rstrip(".")
    return next((host.removesuffix(end) for end in _domains() if host.endswith(end)), None)


@cache
def _domains() -> list[str]:
    """``.amazonaws.com`` and those of the other partitions, longest first."""
    partitions = model_loader().load_data("partitions")["partitions"]
    names = {
        partition["outputs"][kind]
        for partition in partitions
        for kind in ("dnsSuffix", "dualStackDnsSuffix")
    }
    return sorted((f".{name}" for name in names), key=len, reverse=True)


def environment_proxy(url: str) -> str | None:
    """The proxy that the environment names for a URL, as the SDK reads HTTPS_PROXY and NO_PROXY."""
    proxy: str | None = get_environ_proxies(url).get(urlsplit(url).scheme.lower())
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"
