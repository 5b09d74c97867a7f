"""The line reader of settings: default target, known targets, domains; the model is read once."""

import pytest

from batcher.config import Settings, TargetSettings, resolve
from batcher.records import Update
from batcher.wiring.line_readers import installed_update_model, line_reader

LINE = b'{"DomainName":"acme","EventTriggerName":"t1","target":"other"}'


def test_a_target_that_the_settings_do_not_know_is_a_violation_unless_any_will_do() -> None:
    settings = Settings(targets={"known": TargetSettings()})
    assert isinstance(line_reader(settings, any_target=True).read(LINE, 1), Update)
    assert [str(each) for each in line_reader(settings).read(LINE, 1) or ()] == [
        "target: no target other; there are default, known"
    ]


@pytest.mark.parametrize(("domain_map", "domain"), [(None, "acme"), ("acme=new", "new")])
def test_a_map_of_domains_goes_for_every_line(domain_map: str | None, domain: str) -> None:
    reader = line_reader(resolve({"domain_map": domain_map, "target": "other"}))
    update = reader.read(LINE, 1)
    assert isinstance(update, Update)
    assert (update.domain, update.target) == (domain, "other")


def test_the_model_is_read_once_a_process() -> None:
    assert line_reader(Settings()).model is installed_update_model()
