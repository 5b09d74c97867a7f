"""The chain of a journal: what it says is what the reference says, computed by hand."""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.storage.hash_chain import ChainTip, Head, line_digest, link, split

objects = st.dictionaries(st.text(), st.text() | st.integers(-9, 9) | st.none(), min_size=1)


def test_the_chain_is_the_hash_of_the_chain_before_and_the_line_without_it() -> None:
    tip, before = ChainTip(), ""
    for line in ('{"a":1}', '{"b":"x"}', '{"a":1}'):
        chain = sha256((before + line).encode()).hexdigest()[:32]
        assert tip.seal(line.encode()) == f'{line[:-1]},"chain":"{chain}"}}\n'.encode()
        before = chain
    assert (tip.lines, tip.chain) == (3, before.encode())


@given(st.lists(objects, max_size=8))
def test_a_sealed_line_is_json_and_splits_into_what_was_sealed(values: list[dict]) -> None:
    tip, chain = ChainTip(), b""
    for value in values:
        line = msgspec.json.encode(value)
        sealed = tip.seal(line)
        assert sealed.endswith(b"\n")
        assert msgspec.json.decode(sealed) == value | {"chain": tip.chain.decode()}
        chain = link(chain, line)
        assert split(sealed[:-1]) == (line, chain)


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b'{"chain":"' + b"0" * 32 + b'"}', b'{"a":1,"chain":"short"}', b'{"a":1}'],
)
def test_a_line_without_a_chain_is_left_whole(line: bytes) -> None:
    assert split(line) == (line, None)


def test_the_digest_of_a_line_is_the_same_wherever_it_stands() -> None:
    tip, line = ChainTip(), b'{"id":"1"}'
    digests = {line_digest(tip.seal(line)[:-1]) for _ in range(3)}
    assert digests == {line_digest(line)} == {sha256(line).hexdigest()[:32]}


def test_a_head_is_what_was_sealed_and_the_hash_of_its_bytes() -> None:
    tip = ChainTip()
    stored = tip.seal(b'{"a":1}') + tip.seal(b'{"b":2}')
    tip.extend(stored)
    assert tip.head() == Head(
        lines=2, chain=tip.chain.decode(), size=len(stored), sha256=sha256(stored).hexdigest()
    )
    assert repr(tip) == f"<ChainTip: 2 lines, {len(stored)} bytes>"


@pytest.mark.parametrize(
    "said",
    [
        {"lines": -1},
        {"lines": 10**30},
        {"lines": "1"},
        {"size": 1.5},
        {"chain": "z" * 32},
        {"chain": None},
        {"sha256": ""},
    ],
)
def test_a_head_of_another_shape_is_none(said: dict) -> None:
    good = {"lines": 1, "chain": "0" * 32, "size": 9, "sha256": "0" * 64}
    assert msgspec.convert(good, Head).lines == 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(good | said, Head)
