"""The service model of the installed botocore is read once a process, as botocore reads it."""

from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

from batcher.aws.service_model import (
    SERVICE,
    ModelFiles,
    ModelLoader,
    installed_service_model,
    model_loader,
)


def test_the_model_is_that_of_customer_profiles_and_is_read_once() -> None:
    model = installed_service_model()
    assert model["metadata"]["serviceId"] == "Customer Profiles"
    assert installed_service_model() is model
    assert model_loader() is model_loader()


MODELS = [(SERVICE, kind) for kind in ("service-2", "endpoint-rule-set-1", "paginators-1")]
MODELS += [(service, "service-2") for service in ("sts", "sso-oidc", "sqs")]


@pytest.mark.parametrize(("service", "kind"), MODELS)
def test_models_are_what_botocore_reads(service: str, kind: str) -> None:
    ours, theirs = model_loader(), Loader()
    assert ours.load_service_model(service, kind) == theirs.load_service_model(service, kind)


@pytest.mark.parametrize("name", ["partitions", "_retry", "sdk-default-configuration", "endpoints"])
def test_what_is_for_all_services_is_what_botocore_reads(name: str) -> None:
    ours = ModelLoader(file_loader=ModelFiles())  # a client changes what its own has read
    assert ours.load_data_with_path(name) == Loader().load_data_with_path(name)


def test_services_are_those_that_botocore_lists() -> None:
    ours, theirs = model_loader(), Loader()
    services = ours.list_available_services("paginators-1")
    assert list(services) == theirs.list_available_services("paginators-1")
    assert SERVICE in services
    assert SERVICE not in ours.list_available_services("waiters-2")


def test_a_service_that_is_not_there_is_refused_as_botocore_does() -> None:
    with pytest.raises(UnknownServiceError) as theirs:
        Loader().load_service_model("costumer-profiles", "service-2")
    with pytest.raises(UnknownServiceError) as ours:
        model_loader().load_service_model("costumer-profiles", "service-2")
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": "\\ud800"}', '{"a": 1', "", "é"])
def test_a_file_that_is_no_plain_json_is_what_it_is_to_botocore(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text, encoding="latin-1")
    ours, theirs = (
        loader([str(tmp_path)], **files)
        for loader, files in ((ModelLoader, {"file_loader": ModelFiles()}), (Loader, {}))
    )
    assert _outcome(ours) == _outcome(theirs)


def _outcome(loader: Loader) -> str:
    try:
        return repr(dict(loader.load_data("odd")))
    except ValueError as error:
        return repr(error)
