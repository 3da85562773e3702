from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bridge.worker.turns import Turns

names = st.text("abcdefgh", min_size=1, max_size=3)
weights = st.floats(min_value=0.01, max_value=100)
queues = st.lists(names, unique=True, min_size=2, max_size=8)


@given(st.data(), queues, st.integers(1, 300))
def test_each_queue_comes_first_in_proportion_to_its_weight(
    data: st.DataObject, served: list[str], rounds: int
) -> None:
    given_weights = {name: data.draw(weights) for name in served}
    turns = Turns(served, given_weights, ())

    first = Counter(turns.groups([])[0][0] for _ in range(rounds))

    total = sum(given_weights.values())
    for name in served:
        fair = rounds * given_weights[name] / total
        assert abs(first[name] - fair) < 1 + 1e-6


@given(st.data(), queues, st.lists(names, max_size=3), st.integers(1, 30))
def test_every_round_holds_every_served_queue_once_and_no_excluded_one(
    data: st.DataObject, named: list[str], exclude: list[str], rounds: int
) -> None:
    some = data.draw(st.dictionaries(st.sampled_from(named), weights))
    turns = Turns(named, some, exclude)

    for _ in range(rounds):
        groups = turns.groups(["unknown"])
        assert all(groups)  # an empty group would mean all queues to a claim
        names_in_turn = sorted(name for group in groups for name in group)
        assert names_in_turn == sorted(set(named) - set(exclude))


@given(st.lists(names), st.lists(names))
def test_known_queues_are_served_together_when_none_is_named(
    known: list[str], exclude: list[str]
) -> None:
    groups = Turns((), {}, exclude).groups(known)

    served = set(known) - set(exclude)
    assert [set(group) for group in groups] == ([served] if served else [])


def test_named_queues_without_weights_are_one_group_whatever_is_known() -> None:
    assert Turns(("mail", "slow"), {}, ()).groups(["other"]) == [("mail", "slow")]


def test_queue_without_a_weight_among_weighted_ones_weighs_1() -> None:
    turns = Turns(("critical", "default"), {"critical": 3}, ())

    first = [turns.groups([])[0] for _ in range(8)]

    assert first.count(("critical",)) == 6
    assert first[:4].count(("default",)) == 1


@given(st.lists(names, unique=True, max_size=4), st.lists(names, max_size=3), st.lists(names))
def test_served_are_the_known_queues_that_are_named_and_not_excluded(
    named: list[str], exclude: list[str], known: list[str]
) -> None:
    turns = Turns(named, {}, exclude)

    wanted = set(known) - set(exclude)
    assert set(turns.served(known)) == (wanted & set(named) if named else wanted)


def test_asking_what_is_served_takes_no_turn() -> None:
    turns = Turns(("a", "b"), {"a": 1, "b": 1}, ())
    first = []
    for _ in range(4):
        turns.served(["a"])
        first.append(turns.groups([])[0])

    assert first == [("a",), ("b",), ("a",), ("b",)]


def test_no_queue_is_ever_a_whole_turn_behind_where_taking_the_most_owed_one_leaves_one_so() -> (
    None
):
    some = {"a": 1, "b": 5, "c": 50, "d": 50, "e": 1}
    turns = Turns(tuple(some), some, ())
    first: Counter[str] = Counter()

    for rounds in range(1, 108):
        first[turns.groups([])[0][0]] += 1
        for name, weight in some.items():
            assert abs(first[name] - rounds * weight / 107) < 1 + 1e-6

    assert first == some
