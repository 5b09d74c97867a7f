"""Where no before images are kept, nothing is known of an earlier session."""

import asyncio

from batcher.engine.no_before_images import NoBeforeImages
from batcher.testing import update


def test_nothing_is_kept_and_nothing_is_found() -> None:
    images, one = NoBeforeImages(), update(1)
    asyncio.run(images.keep(one, {"Description": "was"}))
    assert (images.kept(one), images.before(one), images.lost(one)) == (False, None, None)
