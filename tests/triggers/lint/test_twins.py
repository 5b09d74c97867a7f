from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.lint.twins import Twins


@given(st.lists(st.tuples(st.sampled_from("pq"), st.sampled_from("xyz")), max_size=20))
def test_lines_of_one_domain_that_do_the_same_are_a_group(lines) -> None:
    twins = Twins()
    expected = {}
    for line, (domain, behaviour) in enumerate(lines, 1):
        twins.add("main", domain, behaviour, line)
        expected.setdefault((domain, behaviour), []).append(line)
    twins.finish()
    for (domain, behaviour), those in expected.items():
        assert twins.lines("main", domain, behaviour) == those
    assert not twins.lines("other", "p", "x")
    # by their first lines, whatever the hashes of this process
    assert [list(each) for each in twins.groups()] == [
        each for each in expected.values() if len(each) > 1
    ]
