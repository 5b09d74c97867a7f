"""URLs of Redis: what is taken, and what is refused without quoting a password."""

import pytest

from batcher.redis_client import connect


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("redis://localhost", 0),
        ("redis://localhost:6380/3", 3),
        ("redis://user:p%40ss@localhost/1?client_name=b", 1),
        ("redis://localhost?db=2", 2),
    ],
)
async def test_a_url_is_a_client_that_has_not_connected_yet(url: str, database: int) -> None:
    client = connect(url)
    assert int(client.connection_pool.connection_kwargs.get("db", 0)) == database
    await client.aclose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis://u:se/cret@localhost", "its host or port can't be read"),
        ("redis://u:se?cret@localhost", "its host or port can't be read"),
        ("redis://localhost:secret", "its host or port can't be read"),
        ("redis://localhost:-1", "its host or port can't be read"),
        ("redis://localhost/secret", "its database is no number"),
        ("redis://localhost?db=secret", "its database is no number"),
        ("redis://localhost?socket_timeout=secret", "there is no option socket_timeout"),
        ("redis://localhost?ssl_cert_reqs=secret", "those that begin with ssl_ need rediss://"),
    ],
)
def test_a_url_that_means_nothing_is_refused_without_quoting_it(url: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        connect(url)
    assert said in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "cret" not in str(refused.value)
