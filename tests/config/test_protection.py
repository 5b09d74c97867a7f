"""What is changed by nobody's answer is changed by a word that was given beforehand."""

import pytest

from batcher.config import Settings, TargetSettings
from batcher.config.protection import protected_targets, refuse_unconfirmed
from batcher.errors import SettingsError

PAY, SHOP = "555566667777", "111122223333"
TARGETS = {
    "shop": TargetSettings(account=SHOP, region="eu-west-1"),
    "pay-eu": TargetSettings(account=PAY, region="eu-west-1", protected=True),
    "pay-us": TargetSettings(account=PAY, region="us-east-1", protected=True),
}


@pytest.mark.parametrize(
    ("confirm", "reason", "said"),
    [
        ([], "x", "target pay-eu, pay-us: protected, and nobody has said"),
        (["pay-us"], "x", "target pay-eu: protected, and nobody has said"),
        ([f"{PAY}/us-east-1"], "x", "target pay-eu: protected"),
        (["shop", SHOP], "x", "target pay-eu, pay-us: protected"),
        (["pay-*"], "x", r"--confirm: no target pay-\*"),
        (["pay-eu", "pay-us", "pay-uk"], "x", "no target pay-uk; did you mean pay-us?"),
        ([PAY], None, "--reason: target pay-eu, pay-us: protected, and changed only for a reason"),
        ([PAY], "x", None),
        (["pay-us", f"{PAY}/eu-west-1"], "x", None),
    ],
)
def test_each_protected_target_is_confirmed_by_name_or_account_and_for_a_reason(
    confirm: list[str], reason: str | None, said: str | None
) -> None:
    settings = Settings(targets=TARGETS, reason=reason)
    if said is None:
        refuse_unconfirmed(settings, confirm)
        return
    with pytest.raises(SettingsError, match=said.replace("?", r"\?")):
        refuse_unconfirmed(settings, confirm)


def test_where_nothing_is_protected_no_word_is_needed() -> None:
    refuse_unconfirmed(Settings(), [])
    refuse_unconfirmed(Settings(targets={"shop": TARGETS["shop"]}), ["shop"])
    assert protected_targets(Settings(targets=TARGETS)) == ["pay-eu", "pay-us"]
    assert protected_targets(Settings(protected=True)) == ["default"]
