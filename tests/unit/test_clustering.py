"""Over-merging is guarded: what joins, what stays apart, and what it says about that."""

from __future__ import annotations

from itertools import permutations

from registry_case import ALSO, APART, FORMS, LESS, LIKE, SAME, SHORTER, Table, name, registry

from pipeline.registry.blocks import LiveName
from pipeline.registry.decisions import Decision, DecisionKind, RawName
from pipeline.registry.misses import Why


def _grown(found, bound=50, component_bound=400):
    """Settle names a, bb, ccc … that all share a block, by what comparing them says."""
    letters = sorted({letter for pair in found for letter in pair})
    names = [LiveName(x, "PERSON", x * (1 + ord(x) - 97), ("k",)) for x in letters]
    words = {one.id: one.normal for one in names}
    table = Table({frozenset(words[x] for x in pair): what for pair, what in found.items()})
    whole = registry(names, (), bound, component_bound, table)
    return whole.grow(words)


def _together(grown):
    sets = {}
    for id_, entity in grown.entities.items():
        sets[entity] = sets.get(entity, "") + id_
    return sorted("".join(sorted(one)) for one in sets.values())


def _why(grown):
    return {(miss.one + miss.other): miss.why for miss in grown.misses}


def test_a_shorter_form_of_two_that_exclude_each_other_joins_neither():
    """J. Smith, with a John and a Jane."""
    grown = _grown({"ab": SHORTER, "ac": SHORTER, "bc": APART})
    assert _together(grown) == ["a", "b", "c"]
    assert _why(grown) == {"ab": Why.AMBIGUOUS, "ac": Why.AMBIGUOUS}


def test_a_name_that_is_left_open_waits_for_what_it_may_be() -> None:
    """With Jr and without, once these have joined."""
    names = [name("PERSON", f"Robert Kennedy{end}") for end in ("", " Jr.", ", jr or not")]
    for order in permutations(names):
        grown = registry(order, bound=50).grow([one.id for one in order])
        assert len(set(grown.entities.values())) == 1
        assert not grown.misses


def test_what_people_keep_a_shorter_form_from_leaves_it_to_what_else_it_can_be():
    """J. Smith is not John, somebody says: then it is Jane."""
    john, jane, short = (
        name("PERSON", words) for words in ("John Smith", "Jane Smith", "J. Smith")
    )
    sides = (RawName("PERSON", "John Smith"),), (RawName("PERSON", "J. Smith"),)
    never = Decision(1, DecisionKind.NEVER, sides, who="ann")
    names = {one.id: one for one in (john, jane, short)}
    assert len(set(registry(names.values()).grow(names).entities.values())) == 3
    grown = registry(names.values(), [never]).grow(names)
    assert grown.entities[short.id] == grown.entities[jane.id] != grown.entities[john.id]
    assert {miss.why for miss in grown.misses} == {Why.DECIDED}


def test_a_shorter_form_of_two_strangers_joins_neither():
    """An acronym with two long forms that have nothing to do with each other."""
    assert _together(_grown({"ab": SHORTER, "ac": SHORTER})) == ["a", "b", "c"]


def test_a_shorter_form_joins_with_all_it_may_be_if_that_is_one():
    """J. Smith, John Smith and John Q. Smith: the longer ones are one, so all are."""
    grown = _grown({"ab": SHORTER, "ac": SHORTER, "bc": SHORTER})
    assert _together(grown) == ["abc"]
    assert not grown.misses


def test_what_is_ambiguous_itself_makes_its_own_shorter_form_so():
    """John Smith may be John A. or John B.; then J. Smith may be either too."""
    found = {"ab": SHORTER, "ac": SHORTER, "ad": SHORTER, "bc": SHORTER, "bd": SHORTER, "cd": APART}
    assert _together(_grown(found)) == ["a", "b", "c", "d"]


def test_a_chain_of_misspellings_does_not_swallow_a_family():
    """Each is like the next, and not like the one after: none of the middle ones joins."""
    grown = _grown({"ab": LIKE, "bc": LIKE, "cd": LIKE})
    assert _together(grown) == ["a", "b", "c", "d"]


def test_all_misspellings_of_one_name_join_it():
    """Each is one slip from it, and two from the others, with which it has nothing else to do."""
    assert _together(_grown({"ab": LIKE, "bc": LESS, "bd": LIKE})) == ["abcd"]


def test_a_misspelling_that_leads_on_to_others_is_no_name_with_its_misspellings():
    """Between the names that it leads to it joins neither."""
    assert _together(_grown({"ab": LIKE, "bc": LIKE, "bd": LIKE, "de": LIKE})) == list("abcde")


def test_the_better_likeness_wins():
    """A misspelling that is much closer to one of two strangers is that one's."""
    grown = _grown({"ab": LIKE, "bc": LESS, "cd": LIKE})
    assert _together(grown) == ["ab", "cd"]
    assert _why(grown) == {"bc": Why.APART}


def test_between_two_that_exclude_each_other_a_third_joins_neither():
    """Al Smith is as good for Albert as for Alan, though each by itself would do."""
    assert _together(_grown({"ab": SAME, "bc": ALSO, "ac": APART})) == ["a", "b", "c"]


def test_a_company_without_its_legal_form_does_not_make_two_one():
    """Acme may be Acme Inc or Acme LLC; with one of them it is that one."""
    grown = _grown({"ab": SAME, "ac": SAME, "bc": FORMS})
    assert _together(grown) == ["a", "b", "c"]
    assert _why(grown) == {"ab": Why.AMBIGUOUS, "ac": Why.AMBIGUOUS, "bc": Why.UNSURE}
    assert _together(_grown({"ab": SAME})) == ["ab"]


def test_what_would_bring_in_somebody_else_stays_out_and_is_not_called_ambiguous():
    """John Rigby is the person of that name, surely; so the company of that name is another."""
    grown = _grown({"ab": SAME, "ac": LESS, "bc": APART})
    assert _together(grown) == ["ab", "c"]
    assert _why(grown) == {"ac": Why.APART}


def test_a_component_over_the_bound_keeps_what_is_surely_the_same_and_is_reported():
    """Misspellings no longer join there, nor do shorter forms where that is still too large."""
    grown = _grown({"ab": SAME, "bc": LIKE, "ac": LIKE, "cd": SAME}, component_bound=3)
    assert _together(grown) == ["ab", "cd"]
    assert grown.capped == {"a": 4}
    assert _why(grown) == {"bc": Why.CROWDED, "ac": Why.CROWDED}


def test_a_crowd_that_cannot_be_divided_is_dropped_and_reported():
    """More names than the bound share their only key: none is compared."""
    grown = _grown({"ab": SAME, "bc": SAME, "ac": SAME}, bound=2)
    assert _together(grown) == ["a", "b", "c"]
    assert grown.dropped == {("k", "k")}
    assert grown.compared == 0


def test_in_a_crowd_a_shorter_form_joins_nothing():
    """Of a crowd only those are compared who share a second crowded key; whom else the shorter
    form could stand for is then not known.
    """
    keys = {"a": ("k", "m"), "b": ("k", "m"), "c": ("k",), "d": ("m",)}
    names = [LiveName(x, "PERSON", x * (1 + ord(x) - 97), keys[x]) for x in "abcd"]
    for what, expected in ((SHORTER, Why.CROWDED), (SAME, None)):
        whole = registry(names, (), 2, 400, Table({frozenset(("a", "bb")): what}))
        grown = whole.grow("abcd")
        assert [miss.why for miss in grown.misses] == ([expected] if expected else [])
        assert (grown.entities["a"] == grown.entities["b"]) is (expected is None)


def test_a_crowd_that_only_people_could_look_at_is_passed():
    """A company with more branches than anybody would look at is still its acronym's long form."""
    keys = {"a": ("fk", "m"), "b": ("m~",), "c": ("fk~",), "d": ("fk~",)}
    names = [LiveName(x, "ORG", x * (1 + ord(x) - 97), keys[x]) for x in "abcd"]
    found = {frozenset(("a", "bb")): SHORTER, frozenset(("a", "ccc")): FORMS}
    grown = registry(names, (), 2, 400, Table(found)).grow("abcd")
    assert _together(grown) == ["ab", "c", "d"]
    assert not grown.misses
    assert not grown.dropped
    seen = registry(names[:3], (), 2, 400, Table(found)).grow("abc")
    assert _why(seen) == {"ac": Why.UNSURE}
