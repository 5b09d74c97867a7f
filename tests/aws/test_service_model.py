"""The service model of the installed botocore is read once a process, as botocore reads it."""

import gzip
import os
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

import pytest
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.session import Session

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


@pytest.mark.parametrize(
    "text",
    ['{"a": 1e999}', '{"a": {"b": "\\ud800"}}', '{"\\ud800": 1, "a": {}}', '{"a": NaN}', "null"],
)
def test_endpoints_that_are_no_plain_json_are_what_they_are_to_botocore(
    tmp_path: Path, text: str
) -> None:
    whole = f'{{"partitions": [{{"partition": "aws", "services": {text}}}]}}'
    (tmp_path / "endpoints.json").write_text(whole)
    ours, theirs = (
        loader.load_data("endpoints")["partitions"][0]["services"]
        for loader in _ours_and_theirs(tmp_path)
    )
    assert repr(ours and {**ours}) == repr(theirs and {**theirs})


@pytest.mark.parametrize("text", ['{"partitions": null}', '{"version": {"a": 1}}', "[]"])
def test_endpoints_without_partitions_are_what_they_are_to_botocore(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "endpoints.json").write_text(text)
    ours, theirs = (loader.load_data("endpoints") for loader in _ours_and_theirs(tmp_path))
    assert ours == theirs


def _link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "make", [_link_to_itself, Path.mkdir, os.mkfifo, partial(Path.write_text, data="null")]
)
def test_what_holds_nothing_is_passed_over_for_the_packed_file(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "odd.json")
    (tmp_path / "odd.json.gz").write_bytes(gzip.compress(b'{"a": 1}'))
    assert [dict(loader.load_data("odd")) for loader in _ours_and_theirs(tmp_path)] == [
        {"a": 1}
    ] * 2


def test_a_file_with_the_name_of_a_service_is_what_it_is_to_botocore(tmp_path: Path) -> None:
    (tmp_path / "own").write_text("no directory")
    assert len({_outcome_of_own(loader) for loader in _ours_and_theirs(tmp_path)}) == 1


def test_models_of_somebodys_own_are_found_where_botocore_looks_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_version = tmp_path / "second" / SERVICE / "2099-01-01"
    of_version.mkdir(parents=True)
    (of_version / "service-2.json").write_text('{"metadata": {}}')
    (of_version / "service-2.sdk-extras.json").write_text('{"merge": {"metadata": {"own": 1}}}')
    monkeypatch.setenv("PLACE", str(tmp_path))
    monkeypatch.setenv("AWS_DATA_PATH", "/nowhere:$PLACE/second")
    ours, theirs = model_loader.__wrapped__(), Session().get_component("data_loader")
    assert ours.search_paths == theirs.search_paths
    found = ours.load_service_model(SERVICE, "service-2")
    assert found == theirs.load_service_model(SERVICE, "service-2") == {"metadata": {"own": 1}}


def _ours_and_theirs(place: Path) -> list[Loader]:
    kept = {"extra_search_paths": [str(place)], "include_default_search_paths": False}
    return [ModelLoader(file_loader=ModelFiles(), **kept), Loader(**deepcopy(kept))]


def _outcome_of_own(loader: Loader) -> str:
    with pytest.raises(UnknownServiceError) as refused:
        loader.load_service_model("own", "service-2")
    return str(refused.value)


def _outcome(loader: Loader) -> str:
    try:
        return repr(dict(loader.load_data("odd")))
    except ValueError as error:
        return repr(error)
