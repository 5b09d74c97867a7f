"""One target's settings: its ceilings, of writing and of reading, and who it is expected to be."""

import msgspec
import pytest

from batcher.config.target_settings import TargetSettings


def test_a_rate_is_a_ceiling_and_auto_is_none() -> None:
    one = msgspec.convert({"rate": 7, "read_rate": "auto"}, TargetSettings)
    assert (one.ceiling, one.read_ceiling) == (7, None)
    other = msgspec.convert({"rate": "auto", "read_rate": 0.5}, TargetSettings)
    assert (other.ceiling, other.read_ceiling) == (None, 0.5)


@pytest.mark.parametrize(
    "given", [{"account": "1234"}, {"rate": 0}, {"burst": 0.5}, {"endpoint_url": "h"}, {"x": 1}]
)
def test_what_no_target_can_have_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, TargetSettings)
