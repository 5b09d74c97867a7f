"""A setting is the same text at every door: no line end at its end, and no unknown variable."""

from pathlib import Path
from typing import Any

import pytest

from batcher.config.given_text import clean_text, refuse_no_port, refuse_no_region, refuse_unknown
from batcher.config.options import options, variables
from batcher.config.resolution import resolve
from batcher.config.settings import Settings
from batcher.config.value_kinds import CommandLine, LintCodes
from batcher.errors import SettingsError

GOOD = {
    "max_failures": "50%",
    "max_changes": "7",
    "share": "80%",
    "deadline": "2h",
    "domain_map": "a=b",
    "rate": "5",
    "account": "123456789012",
    "endpoint_url": "http://127.0.0.1:1",
    "limiter": "redis://127.0.0.1/0",
    "results_to": "s3://bucket/prefix",
    "target": "eu",
    "max_attempts": "3",
    "remember": "false",
    "log_level": "debug",
}


def doors(name: str, text: str, folder: Path) -> list[dict[str, Any]]:
    """A setting by flag or keyword, by variable, by file, and in a target's table."""
    file = folder / "s.toml"
    spelled = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    spelled = (
        spelled.replace("\x00", "\\u0000").replace("\x1b", "\\u001b").replace("\x85", "\\u0085")
    )
    file.write_text(f'{name} = "{spelled}"\n')
    return [
        {"flags": {name: text}},
        {"flags": {}, "environ": {f"BATCHER_{name.upper()}": text}},
        {"flags": {}, "file": file},
    ]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_around_a_setting_is_not_part_of_it(name: str, tmp_path: Path) -> None:
    for after in ("\n", "\r\n", " ", "\n\n", "\t", "\x85", "\u2028"):
        for door in doors(name, GOOD[name] + after, tmp_path):
            assert resolve(**door) == resolve({name: GOOD[name]}), (after, door)


@pytest.mark.parametrize("inside", ["\n", "\r", "\x00", "\x1b", "\x85"])
@pytest.mark.parametrize("name", GOOD)
def test_a_control_character_in_a_setting_is_refused(
    name: str, inside: str, tmp_path: Path
) -> None:
    text = GOOD[name][:1] + inside + GOOD[name][1:] + "x"
    for door in doors(name, text, tmp_path):
        with pytest.raises(SettingsError, match=r"control character|can't be") as caught:
            resolve(**door)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["9" * 400, "-1", "1e400", "nan", "٣", "\udcff", "0x10\n"])
def test_any_setting_is_taken_or_refused_in_words(text: str) -> None:
    for option in options():
        flag, variable = {option.name: text}, {option.variable: text}
        for door in ({"flags": flag}, {"flags": {}, "environ": variable}):
            try:
                settings = resolve(**door)
            except SettingsError:
                continue
            taken = getattr(settings, option.name)
            assert isinstance(taken, str | CommandLine | LintCodes), "a text of any characters"


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_variable_is_an_unset_one(empty: str) -> None:
    assert resolve({}, environ=dict.fromkeys(variables() | {"BATCHER_XYZ"}, empty)) == Settings()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("BATCHER_CONCURENCY", "did you mean BATCHER_CONCURRENCY"),
        ("BATCHER_MAXFAILURES", "did you mean BATCHER_MAX_FAILURES"),
        ("BATCHER_REGIONS", "did you mean BATCHER_REGION"),
        ("BATCHER_XYZZY", "the reference lists"),
        ("BATCHER_rate", "no such variable"),
        ("BATCHER_PORT_X\x1b[2J", r"batcher_port_x\u001b[2j"),
    ],
)
def test_an_unknown_variable_is_refused_with_what_may_be_meant(name: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({}, environ={name: "1"})
    assert said.casefold() in str(caught.value).casefold()


@pytest.mark.parametrize(
    "name",
    [
        "BATCHER_PORT",
        "BATCHER_SERVICE_HOST",
        "BATCHER_SERVICE_PORT",
        "BATCHER_SERVICE_PORT_HTTP_METRICS",
        "BATCHER_PORT_6379_TCP",
        "BATCHER_PORT_6379_TCP_PROTO",
        "BATCHER_PORT_6379_TCP_PORT",
        "BATCHER_PORT_6379_TCP_ADDR",
        "BATCHER_REDIS_PORT_6379_TCP_ADDR",
        "BATCHER_REDIS_SERVICE_HOST",
        "_BATCHER_COMPLETE",
        "MY_BATCHER_RATE",
    ],
)
def test_what_kubernetes_makes_for_a_service_is_not_ours(name: str) -> None:
    refuse_unknown({name: "tcp://10.0.0.1:6379"}, variables())


def test_clean_text_says_where_it_was_given() -> None:
    assert clean_text("--queue", " sqs:updates\n") == "sqs:updates"
    with pytest.raises(SettingsError, match="--queue: holds a control character"):
        clean_text("--queue", "sqs:a\nb")
    with pytest.raises(SettingsError, match="BATCHER_QUEUE: is not UTF-8"):
        clean_text("BATCHER_QUEUE", "sqs:\udcff")


@pytest.mark.parametrize("text", ["eu-west-1", "us-gov-east-1", "eusc-de-east-1", "local"])
def test_a_region_that_nobody_knows_yet_may_be_one(text: str) -> None:
    refuse_no_region("--region", text)


@pytest.mark.parametrize("text", ["Ireland", "EU-WEST-1", "eu_west_1", "eu-west-1,us-east-1", "1"])
def test_what_can_not_be_the_name_of_a_region_is_refused_where_it_was_given(text: str) -> None:
    with pytest.raises(SettingsError, match=f"^--region: '{text}' is no name of a Region"):
        refuse_no_region("--region", text)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:99999", "http://127.0.0.1:abc", "http://[::1", "http://h:-1"]
)
def test_a_url_whose_port_can_not_be_one_is_refused_where_it_was_given(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^--endpoint-url: its host or port can't be one"):
        refuse_no_port("--endpoint-url", url)
    with pytest.raises(SettingsError, match=r"^--endpoint-url: its host or port can't be one"):
        resolve({"endpoint_url": url}, environ={})


@pytest.mark.parametrize("url", ["https://127.0.0.1:65535/a", "http://[::1]:80", "http://h", ""])
def test_a_url_with_another_port_or_none_is_let_through(url: str) -> None:
    refuse_no_port("--endpoint-url", url)
