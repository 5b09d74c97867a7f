"""Events put to many triggers: who is asked, what is counted, which profiles are affected most."""

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.compiled_triggers import CompiledTriggers
from batcher.triggers.semantics.event_line import Event
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.simulated_trigger import SimulatedTrigger
from batcher.triggers.semantics.simulation import ProfileFirings, Simulation
from tests.triggers.semantics.test_simulated_trigger import above, order

PLAIN = CompiledTriggers(FiringOptions())


def simulated(*pairs: tuple[int, int]) -> tuple[Simulation, list[SimulatedTrigger]]:
    triggers = [
        SimulatedTrigger("acme", "t", above(old), above(new), {}, PLAIN) for old, new in pairs
    ]
    return Simulation(triggers), triggers


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3),
)
def test_the_firings_of_profiles_are_those_of_all_triggers_together(
    events: list[tuple[str, int]], pairs: list[tuple[int, int]]
) -> None:
    simulation, _ = simulated(*pairs)
    for profile, total in events:
        simulation.take(order(total, profile=profile))
    expected = []
    for name in "abc":
        totals = [total for profile, total in events if profile == name]
        fired = [(total > old, total > new) for total in totals for old, new in pairs]
        expected.append(
            ProfileFirings(
                profile=name,
                before=sum(before for before, _ in fired),
                after=sum(after for _, after in fired),
                started=sum(after and not before for before, after in fired),
                stopped=sum(before and not after for before, after in fired),
            )
        )
    affected = [each for each in expected if each.started or each.stopped]
    affected.sort(key=lambda each: (-each.started - each.stopped, -each.started, each.profile))
    assert simulation.most_affected(2) == affected[:2]
    counts = simulation.profiles()
    assert (counts.before, counts.after, counts.affected) == (
        sum(each.before > 0 for each in expected),
        sum(each.after > 0 for each in expected),
        len(affected),
    )
    assert counts.gained - counts.lost == counts.after - counts.before
    assert simulation.evaluations == len(events) * len(pairs)


def test_an_event_is_for_the_triggers_of_its_object_type_and_domain() -> None:
    simulation, (trigger,) = simulated((1, 1))
    other = Event(id="e", profile="a", object_type="Carts", at=0, object={})
    assert simulation.take(other) == []
    assert simulation.take(order(2, domain="globex")) == []
    assert [each[0] for each in simulation.take(order(2, domain="acme"))] == [trigger]
    assert [each[0] for each in simulation.take(order(2))] == [trigger]
    assert (simulation.seen, simulation.unheard, simulation.evaluations) == (4, 2, 2)
    assert list(simulation.other_types) == ["Carts", "Orders"]


def test_events_that_are_out_of_order_are_counted_and_the_span_is_that_of_all() -> None:
    simulation, _ = simulated((1, 1))
    for at in (5, 7, 6, 3, 7):
        simulation.take(order(2, at=at))
    assert (simulation.out_of_order, simulation.first, simulation.last) == (2, 3, 7)
    simulation.take(order(2, at=6, delay=1))  # processed at 7
    assert (simulation.out_of_order, simulation.last) == (2, 7)
