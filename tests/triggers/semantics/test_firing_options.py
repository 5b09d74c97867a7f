"""The table of what AWS does not say of firing has a row for each option, the default first."""

from pathlib import Path

from batcher.triggers.semantics.firing_options import (
    FIRING_UNKNOWNS,
    FiringOptions,
    other_choices,
)
from batcher.triggers.semantics.options import SemanticsOptions, assumption


def test_each_option_of_firing_has_its_row_and_the_default_is_the_first_choice() -> None:
    own = set(FiringOptions.__struct_fields__) - set(SemanticsOptions.__struct_fields__)
    assert {each.name for each in FIRING_UNKNOWNS} == own
    for each in FIRING_UNKNOWNS:
        assert getattr(FiringOptions(), each.name) == each.choices[0]
        assert each.flag == f"--{each.name.replace('_', '-')}"


def test_other_choices_are_all_but_the_chosen_one_and_say_what_they_assume() -> None:
    for each in FIRING_UNKNOWNS:
        others = list(other_choices(FiringOptions(), each.name))
        assert [getattr(other, each.name) for other in others] == list(each.choices[1:])
        said = {assumption(other, each) for other in (FiringOptions(), *others)}
        assert said == set(each.readings.values())


def test_the_page_has_each_choice_as_the_table_of_the_code_has_it() -> None:
    page = Path("docs/simulate.md").read_text()
    for each in FIRING_UNKNOWNS:
        choices = " ".join(f"`{choice}`: {said}" for choice, said in each.readings.items())
        assert f"| `{each.flag}` | {choices} |" in page
