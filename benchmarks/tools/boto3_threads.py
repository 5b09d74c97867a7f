"""boto3 as most people write it, a client and a pool of threads: URL UPDATES RETRY_MODE THREADS."""

import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

from benchmarks.common import update


def main(url: str, updates: int, mode: str, threads: int) -> None:
    config = Config(retries={"mode": mode}, max_pool_connections=threads)
    client = boto3.client("customer-profiles", endpoint_url=url, config=config)
    with ThreadPoolExecutor(threads) as pool:
        sent = [
            pool.submit(client.update_event_trigger, **update(number)) for number in range(updates)
        ]
    failed = [error for future in sent if (error := future.exception())]
    if failed:
        print(f"{len(failed)} of {updates} raised, the first: {failed[0]}", file=sys.stderr)


main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
