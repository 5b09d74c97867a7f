"""Operations are named as in the installed service model, and in one place."""

import pytest

from batcher import operations
from batcher.aws.service_model import installed_service_model
from tests.laws.source import written_out

NAMES = [
    value for name, value in vars(operations).items() if name.isupper() and isinstance(value, str)
]
MODEL = installed_service_model()


def members(operation: str) -> dict[str, object]:
    shape = MODEL["operations"][operation]["input"]["shape"]
    found: dict[str, object] = MODEL["shapes"][shape]["members"]
    return found


@pytest.mark.parametrize("operation", NAMES)
def test_the_model_has_every_operation_under_its_name(operation: str) -> None:
    assert operation in MODEL["operations"]


OF_NO_UPDATE = {operations.LIST_DOMAINS, operations.TAG_RESOURCE}


@pytest.mark.parametrize("operation", sorted(set(NAMES) - OF_NO_UPDATE))
def test_what_an_operation_takes_of_an_update_is_all_that_it_must_have_and_nothing_it_lacks(
    operation: str,
) -> None:
    every = dict.fromkeys(members(operations.UPDATE_TRIGGER))
    taken = operations.members_for(operation, every).keys()
    shape = MODEL["shapes"][MODEL["operations"][operation]["input"]["shape"]]
    assert taken <= members(operation).keys()
    assert taken >= set(shape["required"])


@pytest.mark.parametrize(
    "operation", [operations.UPDATE_TRIGGER, operations.CREATE_TRIGGER, operations.GET_TRIGGER]
)
def test_an_operation_on_one_trigger_is_told_which_by_its_names(operation: str) -> None:
    every = dict.fromkeys(members(operations.UPDATE_TRIGGER))
    assert operations.members_for(operation, every).keys() >= operations.TRIGGER_NAMES


def test_no_other_module_writes_the_name_of_an_operation_out() -> None:
    assert written_out(NAMES, but_in="operations.py") == []
