"""Each error that an answer can carry has a status."""

import pytest

from batcher.emulator.errors import COMMON_ERRORS, ServiceError, bad_request, not_found
from batcher.emulator.model import ServiceModel


@pytest.mark.parametrize(
    "error",
    [bad_request("no"), not_found("no"), *(ServiceError(code, "no") for code in COMMON_ERRORS)],
    ids=lambda error: error.code,
)
def test_an_error_has_a_status_of_the_model_or_of_the_table(error: ServiceError) -> None:
    assert 400 <= ServiceModel().statuses[error.code] <= 501
    assert str(error) == f"{error.code}: {error.message}"
