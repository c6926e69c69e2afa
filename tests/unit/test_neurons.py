"""The neuron library: neurons of which all is known, and the same numbers by another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from onset.collections.neurons import contexts, descriptions, facts, shown
from onset.collections.neurons.ablation import lost_without, n_asked, over_places
from onset.collections.neurons.activity import Opened
from onset.collections.neurons.closer import in_turn, worth_it
from onset.collections.neurons.descriptions import Described, describe, phi, shuffled, thresholds
from onset.collections.neurons.facts import Term, Terms, facts_of, in_words, kind_of, terms_of
from onset.collections.neurons.forming import UNFORMED, formed, losses_at
from onset.collections.neurons.kinds import NO_KIND, SILENT, kind
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.shown import UNKNOWN, Names, groups_of, places_of
from onset.collections.neurons.writing import answering, direct, strongest, written
from onset.models.transformer.bridge import open_bridge
from onset.models.transformer.unrolled import unrolled
from onset.tasks.dataset import Dataset, Split
from tests import library
from tests.library import PAIR, RELATION, STEPS, TRAINED_ON, WORLD, planted, seen_by

LOOPED = {"n_loops": 2, "readout": "per_hop", "norm": "layer"}
TWO_LAYERS = {"n_layers": 2, "norm": "layer"}
GIVEN = ({"layer": 0, "head": 1, "looks_at": "previous_token"},)


def opened(**changes) -> Opened:
    its = library.model(**changes)
    return Opened.of(its, its.initial_parameters(0), seen_by(its))


def layer_of(seen: shown.Shown, number: int = 0) -> Layer:
    return Layer.of(seen, facts_of(seen), number)


class TestShown:
    def test_held_out_splits_are_shown_and_no_part_for_validation(self):
        seen = seen_by(library.model())
        assert {its.split for its in seen.groups} == {"id", "oi", "io", "oo"}
        everything = (*WORLD.splits,)
        its = shown.shown(library.model(), WORLD, everything, 0)
        assert {g.split for g in its.groups} == {
            n for n in everything if "_" not in n or n in TRAINED_ON
        }

    def test_each_beginning_is_a_place_once(self):
        seen = seen_by(library.model())
        begun = set()
        for its in seen.groups:
            for row in its.tokens.tolist():
                begun |= {tuple(row[: n + 1]) for n in range(3)}
        assert len(seen.group) == len(begun)
        for number, its in enumerate(seen.groups):
            for row, position in ((0, 0), (len(its.tokens) - 1, 2), (1, 1)):
                place = seen.place[number][row, position]
                first = seen.groups[seen.group[place]].tokens[seen.row[place]]
                assert seen.position[place] == position
                assert first[: position + 1].tolist() == its.tokens[row, : position + 1].tolist()

    def test_both_halves_have_places_and_a_sequence_is_of_one(self):
        seen = seen_by(library.model())
        assert 0.3 < seen.other_half.mean() < 0.7
        answers = seen.position == 2
        assert (seen.other_half[answers] == (seen.row[answers] % 2 == 1)).all()

    def test_layers_beyond_a_groups_depth_have_none_of_its_places(self):
        its = library.model(**LOOPED)
        seen = shown.shown(its, WORLD, (), 0)
        assert {g.depth for g in seen.groups} == {1, 2}
        assert seen.groups[0].depth == 2
        places = seen.of_layer(1)
        assert {seen.groups[its].split for its in seen.group[places]}.isdisjoint({"atomic"})
        assert len(seen.of_layer(0)) == len(seen.group) > len(places)

    def test_truth_of_tokens_and_of_targets_stands_where_it_belongs(self):
        tokens = np.array([[0, 1, 2, 3], [1, 1, 0, 2]])
        truth = {
            "topic": np.array([[5, 5, 6, 6], [7, 7, 7, 8]]),
            "rule": np.array([[1, 2], [3, 4]], np.int8),
            "story": np.array([8, 9]),
            "floor": np.array([0.5, 0.7]),
        }
        split = Split(tokens, tokens[:, 2:4], scored=(1, 2))
        object.__setattr__(split, "truth", truth)
        its = library.model(n_layers=1)
        (group,) = groups_of(its, "test", split, np.arange(2))
        assert group.tokens.tolist() == [[0, 1, 2], [1, 1, 0]]  # the last one is never asked
        assert group.truth["topic"].tolist() == [[5, 5, 6], [7, 7, 7]]
        assert group.truth["next topic"].tolist() == [[5, 6, 6], [7, 7, 8]]
        assert group.truth["rule"].tolist() == [[UNKNOWN, 1, 2], [UNKNOWN, 3, 4]]
        assert group.truth["story"].tolist() == [[UNKNOWN, 8, 8], [UNKNOWN, 9, 9]]
        assert "floor" not in group.truth


class TestFacts:
    def test_they_say_what_is_so_at_each_place(self):
        seen = seen_by(library.model())
        found = facts_of(seen)
        assert list(found) == [
            "token",
            "1 before",
            "2 before",
            "position",
            "answer",
            "split",
            "bridge",
        ]
        for place in (0, 1, 2, len(seen.group) - 1):
            group, row, at = seen.groups[seen.group[place]], seen.row[place], seen.position[place]
            its = {name: values[place] for name, values in found.items()}
            assert its["token"] == group.tokens[row, at]
            assert its["1 before"] == (group.tokens[row, at - 1] if at else UNKNOWN)
            assert its["2 before"] == (group.tokens[row, 0] if at == 2 else UNKNOWN)
            assert its["answer"] == (group.targets[row, 0] if at == 2 else UNKNOWN)
        answers = seen.position == 2
        split = WORLD.splits["oo"]
        named = found["split"] == list(WORLD.splits).index("oo")
        assert named[answers].any()
        assert not named[~answers].any()
        bridges = dict(zip(map(tuple, split.tokens.tolist()), split.truth["bridge"], strict=True))
        for place in np.flatnonzero(named)[:5]:
            tokens = tuple(seen.groups[seen.group[place]].tokens[seen.row[place]].tolist())
            assert found["bridge"][place] == bridges[tokens]

    def test_terms_name_enough_places_and_not_all(self):
        seen = seen_by(library.model())
        known = facts_of(seen)
        found = terms_of(known, seen.other_half)
        here = ~seen.other_half
        for number, term in enumerate(found.terms):
            holds = term.holds(known)
            assert facts.FEWEST <= holds[here].sum() < here.sum()
            assert found.named[number].bool().tolist() == holds.tolist()
            assert list(known)[found.fact[number]] == term.fact
        assert not any(term.value == UNKNOWN for term in found.terms)
        assert Term("position", 2) in found.terms
        constant = {"token": np.zeros(len(here), np.int64)}
        assert terms_of(constant, seen.other_half).terms == []

    def test_they_are_told_in_words(self):
        names = Names(WORLD.vocabulary, ("train", "oo"), {"topic": ("food", "play")})
        terms = (Term("1 before", RELATION), Term("topic", 1))
        assert in_words(terms, names) == "1 before = r1 and topic = play"
        assert kind_of(terms) == "1 before × topic"
        assert in_words((Term("next topic", 0),), names) == "next topic = food"
        assert in_words((Term("split", 1),), names) == "split = oo"
        assert in_words((Term("position", 2),), names) == "position = 2"
        assert in_words((Term("rival_place", 2),), names) == "rival_place = 2"
        assert (in_words((), names), kind_of(())) == ("", "")


def some_terms(n: int = 400, seed: int = 0) -> tuple[Terms, torch.Tensor]:
    """Three values of one fact and four of another, at random places."""
    rng = np.random.Generator(np.random.Philox(seed))
    known = {"one": rng.integers(3, size=n), "other": rng.integers(4, size=n)}
    half = np.arange(n) % 2 == 1
    return terms_of(known, half), torch.from_numpy(half)


class TestDescriptions:
    def test_phi_is_the_correlation(self):
        rng = np.random.Generator(np.random.Philox(1))
        one, other = rng.random((2, 300)) < [[0.3], [0.6]]
        found = phi(*(torch.tensor(float(its.sum())) for its in (one & other, one, other)), 300)
        assert found.item() == pytest.approx(np.corrcoef(one, other)[0, 1])
        assert phi(torch.tensor(5.0), torch.tensor(5.0), torch.tensor(300.0), 300) == 0

    def test_a_neuron_that_a_term_tells_is_described_by_it(self):
        terms, half = some_terms()
        active = terms.named[[4, 1]].bool()
        found = describe(active, terms, half)
        assert found.terms == [(terms.terms[4],), (terms.terms[1],)]
        assert found.cleanliness.tolist() == pytest.approx([1, 1])
        assert found.precision.tolist() == found.recall.tolist() == [1, 1]
        assert torch.equal(found.named, active)

    def test_two_terms_are_used_where_one_is_not_enough(self):
        terms, half = some_terms()
        both = (terms.named[0] * terms.named[5]).bool()
        (found,) = describe(both[None], terms, half).terms
        assert found == (terms.terms[0], terms.terms[5])

    def test_it_is_chosen_on_one_half_and_scored_on_the_other(self):
        terms, half = some_terms()
        active = torch.where(half, terms.named[2].bool(), terms.named[0].bool())
        found = describe(active[None], terms, half)
        assert found.terms == [(terms.terms[0],)]
        assert found.precision.item() == 0
        assert found.cleanliness.item() < -0.3

    def test_what_is_simplest_to_see_comes_first(self):
        n = 40
        same = np.arange(n) % 4
        terms = terms_of({"token": same, "bridge": same}, np.arange(n) % 2 == 1)
        half = torch.arange(n) % 2 == 1
        # All of one half are even: only two values are there to choose from.
        (found,) = describe(torch.from_numpy(same == 2)[None], terms, half).terms
        assert found == (Term("token", 2),)

    def test_precision_and_recall_are_shares(self):
        terms, half = some_terms()
        active = terms.named[0].bool()
        there = (active & half).nonzero()[:, 0]
        active[there[: len(there) // 2]] = False  # named, and not active
        also = (~terms.named[0].bool() & half).nonzero()[:3, 0]
        active[also] = True  # active, and not named
        found = describe(active[None], terms, half)
        n = len(there) - len(there) // 2
        assert found.precision.item() == pytest.approx(n / len(there))
        assert found.recall.item() == pytest.approx(n / (n + 3))

    def test_silent_neurons_and_worlds_without_terms_have_none(self):
        terms, half = some_terms()
        found = describe(torch.zeros(1, len(half), dtype=torch.bool), terms, half)
        assert found.terms == [()]
        assert found.cleanliness.tolist() == [0]
        assert math.isnan(found.precision.item())
        none = terms_of({"one": np.zeros(400, np.int64)}, half.numpy())
        assert describe(terms.named[:2].bool(), none, half).terms == [(), ()]

    def test_shuffled_places_tell_nothing(self):
        terms, half = some_terms()
        null = shuffled(terms, half, 0)
        assert null.named[:, half].sum(1).tolist() == terms.named[:, half].sum(1).tolist()
        assert not torch.equal(null.named, terms.named)
        found = describe(terms.named.bool(), null, half)
        assert found.cleanliness.abs().max() < 0.4
        assert describe(terms.named.bool(), terms, half).cleanliness.min() == pytest.approx(1)

    def test_a_neuron_is_active_above_half_of_its_largest_value(self):
        values = torch.tensor([[4.0, 0.0], [1.9, 0.0], [2.1, 0.0], [9.0, 0.0]])
        found = thresholds(values, torch.tensor([False, False, False, True]))
        assert found.tolist() == [2, math.inf]

    def test_many_neurons_are_as_few(self, monkeypatch):
        terms, half = some_terms()
        active = torch.rand(7, len(half), generator=torch.Generator().manual_seed(0)) < 0.3
        whole = describe(active, terms, half)
        monkeypatch.setattr(descriptions, "_AT_ONCE", 2)
        parts = describe(active, terms, half)
        assert whole.terms == parts.terms
        assert torch.equal(whole.named, parts.named)


def test_kinds():
    assert kind("topic", 0.9, silent=False) == "topic"
    assert kind("topic", 0.6, silent=False) == NO_KIND
    assert kind("", 0.0, silent=True) == SILENT


class TestActivity:
    @pytest.mark.parametrize("changes", [LOOPED, TWO_LAYERS, {"given_attention": GIVEN, **LOOPED}])
    def test_unrolled_it_says_the_same(self, changes):
        its = library.model(**changes)
        parameters = its.initial_parameters(1)
        other, its_own = unrolled(its, parameters)
        tokens = torch.from_numpy(WORLD.splits["oo"].tokens[:20])
        torch.testing.assert_close(
            other.logits_of_sequences(its_own, tokens, (2,), 1),
            its.logits_of_sequences(parameters, tokens, (2,), 2),
        )

    @pytest.mark.parametrize("changes", [{}, LOOPED, TWO_LAYERS])
    def test_neurons_are_those_that_transformer_lens_sees(self, changes):
        its = library.model(**changes)
        parameters = its.initial_parameters(0)
        seen = seen_by(its)
        found = Opened.of(its, parameters, seen)
        bridge = open_bridge(its, parameters)
        for layer in range(found.n_layers):
            values = found.neurons(layer)
            with torch.inference_mode():
                _, cache = bridge.run_with_cache(torch.from_numpy(seen.groups[0].tokens))
            torch.testing.assert_close(
                values[0], cache[f"blocks.{layer}.mlp.hook_post"], atol=1e-5, rtol=1e-4
            )
            at = found.at_places(values, layer)
            place = seen.place[0][3, 1]
            assert place in seen.of_layer(layer)
            row = np.searchsorted(seen.of_layer(layer), place)
            torch.testing.assert_close(at[row], values[0][3, 1], atol=1e-5, rtol=1e-4)

    def test_random_directions_are_as_long_and_change_one_application(self):
        found = opened(**LOOPED)
        null = found.in_random_directions(1, 0)
        torch.testing.assert_close(null.into(1).norm(dim=1), found.into(1).norm(dim=1))
        cosines = F.cosine_similarity(null.into(1), found.into(1)).abs()
        assert cosines.max() < 0.9
        assert torch.equal(null.neurons(0)[0], found.neurons(0)[0])
        assert not torch.allclose(null.neurons(1)[0], found.neurons(1)[0])

    def test_random_directions_are_not_what_the_model_began_with(self):
        # Directions that a model's own seed draws from the same stream are its first embeddings.
        its = library.model(d_mlp=24)
        began = its.initial_parameters(0)
        null = Opened.of(its, began, seen_by(its)).in_random_directions(0, 0).into(0)
        for tensor in began.values():
            if tensor.dim() == 2 and tensor.shape[1] == null.shape[1]:
                drawn_alike = F.cosine_similarity(null[: len(tensor)], tensor[: len(null)])
                assert drawn_alike.mean().abs() < 0.3


def hooked_loss(bridge, layer, mean, tokens, targets, neuron=None) -> torch.Tensor:
    """TransformerLens's, with a neuron at its mean."""

    def replaced(post, hook):
        post = post.clone()
        post[:, :, neuron] = mean[:, neuron]
        return post

    hooks = [] if neuron is None else [(f"blocks.{layer}.mlp.hook_post", replaced)]
    with torch.inference_mode():
        logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks)[:, 2]
    return F.cross_entropy(logits, targets[:, 0], reduction="none")


class TestAblation:
    @pytest.mark.parametrize("changes", [{}, LOOPED, TWO_LAYERS])
    def test_it_is_what_a_hook_on_the_neuron_does(self, changes):
        its = library.model(**changes)
        parameters = its.initial_parameters(0)
        found = Opened.of(its, parameters, seen_by(its))
        for layer in range(found.n_layers):
            with torch.inference_mode():
                values = found.neurons(layer)
                lost = lost_without(found, layer, values)
            for number, group in enumerate(found.seen.groups):
                bridge = open_bridge(its, parameters, group.depth)
                n = min(n_asked(found, layer), len(group.tokens))
                mean = values[number].mean(0)
                tokens, targets = (torch.from_numpy(x[:n]) for x in (group.tokens, group.targets))

                def loss(neuron=None, of=(bridge, layer, mean, tokens, targets)):
                    return hooked_loss(*of, neuron)

                torch.testing.assert_close(lost[number].loss[:, 0], loss(), atol=1e-4, rtol=1e-4)
                for neuron in (0, 5):
                    expected = loss(neuron) - loss()
                    torch.testing.assert_close(
                        lost[number].added[neuron, :, 0], expected, atol=1e-4, rtol=1e-3
                    )

    def test_neurons_by_neurons_is_as_all_at_once(self, monkeypatch):
        from onset.collections.neurons import ablation

        found = opened(**TWO_LAYERS)
        with torch.inference_mode():
            whole = lost_without(found, 0, found.neurons(0))
            monkeypatch.setattr(ablation, "_AT_ONCE", 1)
            parts = lost_without(found, 0, found.neurons(0))
        for one, other in zip(whole, parts, strict=True):
            torch.testing.assert_close(one.added, other.added, atol=1e-5, rtol=1e-4)

    def test_fewer_are_asked_where_each_takes_much(self, monkeypatch):
        from onset.collections.neurons import ablation

        one, two = opened(), opened(**TWO_LAYERS)
        assert n_asked(one, 0) == n_asked(two, 0) == ablation.MOST_ASKED
        monkeypatch.setattr(ablation, "_WORK", 8 * 32 * 24 * 4 * 10)
        assert n_asked(one, 0) == n_asked(two, 1) == 10
        assert n_asked(two, 0) == ablation.FEWEST_ASKED

    def test_means_are_over_all_places_and_over_those_named(self):
        found = opened()
        layer = layer_of(found.seen)
        with torch.inference_mode():
            lost = lost_without(found, 0, found.neurons(0))
        named = torch.zeros(8, len(layer.places), dtype=torch.bool)
        place = lost[1].place[3, 0].item()
        named[2, np.searchsorted(layer.places, place)] = True
        told = over_places(lost, layer.places, named)
        added = torch.cat([its.added.flatten(1) for its in lost], 1)
        assert told.added == pytest.approx(added.mean(1).numpy(), abs=1e-6)
        assert told.added_named[2] == pytest.approx(lost[1].added[2, 3, 0].item(), abs=1e-6)
        assert np.isnan(told.added_named[[0, 1, 3]]).all()


class TestWriting:
    def test_without_a_norm_it_is_what_the_logits_gain(self):
        found = opened()
        logits = direct(found, 0)
        group, states = found.seen.groups[0], found.streams[0][1]
        more = states + found.out_of(0)[:, 3]
        gain = (
            found.model.unembed(found.parameters, more)
            - found.model.unembed(found.parameters, states)
        )[0, 2]
        torch.testing.assert_close(logits[3], gain - gain.mean(), atol=1e-5, rtol=1e-4)
        assert group.depth == 1

    def test_with_a_norm_it_is_that_times_its_scale(self):
        found = opened(norm="layer")
        found.parameters["ln_out.weight"] = torch.linspace(0.5, 2, 32)
        logits, scale = direct(found, 0), found.scales[0][4, 2]
        state = found.streams[0][1][4, 2]
        # The change that a small push makes, at the scale that the state has.
        pushed = state + 0.37 * found.out_of(0)[:, 5]
        gains, bias = found.parameters["ln_out.weight"], found.parameters["ln_out.bias"]
        normed = (pushed - pushed.mean()) / scale * gains + bias
        readout = found.parameters["tok_embed.weight"]
        gain = readout @ normed - found.model.unembed(found.parameters, state)
        torch.testing.assert_close(
            0.37 * logits[5] / scale, gain - gain.mean(), atol=1e-4, rtol=1e-3
        )

    def test_a_neuron_that_writes_what_it_reads_is_congruent(self):
        seen = seen_by(library.model())
        its = library.model()
        found = Opened.of(its, planted(its), seen)
        at = answering(found, 0)
        n = len(seen.group)
        answers = torch.full((n,), -1)
        answers[torch.from_numpy(at.column)] = at.target
        named = (answers == 7)[None].repeat(2, 1)
        logits = torch.zeros(2, WORLD.n_tokens)
        logits[0, 7], logits[1, 7] = 1, -1
        logits -= logits.mean(1, keepdim=True)
        values = named.T.float()
        said = written(logits, values, named, named, at)
        assert said.congruence[0] > 1
        assert said.congruence[1] == pytest.approx(-said.congruence[0].item())
        # As a null, each is held against what the other one writes.
        assert said.congruence_null.tolist() == pytest.approx(said.congruence.tolist()[::-1])
        assert said.right[0] > 0 > said.right[1]
        assert said.strength[0] == pytest.approx(1 - named[0].float().mean().item(), abs=1e-5)

    def test_the_strongest_tokens_are_named(self):
        logits = torch.tensor([[0.1, -3.0, 2.0, 1.0]])
        (found,) = strongest(logits, ("a", "b", "c", "d"))
        assert (found.raised, found.lowered) == (["c", "d"], ["b", "a"])
        assert found.by + found.down == pytest.approx([2, 1, -3, 0.1])


class TestForming:
    def test_half_way_and_sharpness(self):
        found = formed([0, 10, 20, 30], np.array([0.0, 0.1, 0.9, 1.0]))
        assert (found.after, found.before) == (10, 20)
        assert found.at == pytest.approx(15)
        assert found.sharpness == pytest.approx(0.8)
        even = formed([0, 10, 20], np.array([0.0, 0.5, 1.0]))
        assert even.sharpness == pytest.approx(0.5)

    def test_what_was_there_before_is_not_judged(self):
        assert formed([0, 10], np.array([0.8, 0.9])) == UNFORMED
        assert formed([0, 10], np.array([0.8, 0.1])) == UNFORMED

    def test_losses_are_those_of_the_log(self):
        logged = list(range(1000))
        losses = [1000.0 - its for its in logged]
        assert losses_at([0, 500, 999], logged, losses)[1] == pytest.approx(500.5, abs=1)
        assert losses_at([0, 2], [0, 1, 2], [3.0, 2.0, 1.0]).tolist() == [3, 1]


class TestContexts:
    def test_a_place_is_shown_among_its_neighbours(self):
        seen = seen_by(library.model())
        place = int(seen.place[0][0, 1])
        names = [WORLD.vocabulary[t] for t in seen.groups[0].tokens[0]]
        assert contexts.texts_of(seen)(place) == f"{names[0]} «{names[1]}» {names[2]}"

    def test_long_ones_are_cut(self):
        tokens = np.arange(40)[None]
        dataset = Dataset({"test": Split(tokens, tokens[:, :1], (39,))}, tuple(map(str, range(40))))
        group = groups_of(library.model(), "test", dataset.splits["test"], np.arange(1))
        text = contexts.texts_of(places_of(group, Names.of(dataset)))(20)
        assert text == f"… {' '.join(map(str, range(8, 20)))} «20» 21 22 23 24 …"

    def test_the_top_comes_first(self):
        values = np.array([[0.0, 5], [3, 1], [2, 9], [7, 0], [1, 2], [4, 4], [6, 3]])
        assert contexts.top(values)[:, 0].tolist() == [3, 6, 5, 1, 2]
        assert contexts.top(values[:2]).shape == (2, 2)

    def test_counterexamples_are_of_the_other_half(self):
        values = np.array([5.0, 0, 4, 1, 6, 0.5])
        active, named = values > 2, np.array([1, 1, 0, 1, 0, 1], bool)
        half = np.array([1, 1, 1, 1, 1, 0], bool)
        missed, unexplained = contexts.counterexamples(values, active, named, half)
        assert missed.tolist() == [1, 3]
        assert unexplained.tolist() == [4, 2]


def test_kinds_take_turns():
    assert in_turn([[1, 2, 3], [4], [5, 6]]) == [1, 4, 5, 2, 6, 3]
    assert in_turn([]) == []


@pytest.fixture(scope="module")
def found():
    return library.rows()


class TestRows:
    def test_planted_neurons_are_found(self, found):
        trained = found[found["source"] == "trained"].set_index("neuron")
        assert len(trained) == 8
        assert trained.loc[0, "description"] == "token = r1"
        assert trained.loc[0, "cleanliness"] == pytest.approx(1)
        assert (trained.loc[0, "precision"], trained.loc[0, "recall"]) == (1, 1)
        assert set(trained.loc[1, "facts"]) == {"token", "position"}
        assert set(trained.loc[1, "values"]) == {PAIR, 2}
        assert "r2»" in trained.loc[1, "top"]
        assert (trained["loss"] > 0).all()

    def test_they_form_when_they_are_there(self, found):
        its = found[found["neuron"] == 0].iloc[0]
        assert its["steps"] == STEPS
        assert its["followed"][1:] == [1, 1]
        assert (its["formed_after"], its["formed_before"]) == (0, 10)
        assert its["sharpness"] == pytest.approx(1)
        assert its["loss_sharpness"] == pytest.approx(0.5)

    def test_nulls_have_few_clean_ones(self, found):
        nulls = found[found["source"] != "trained"].set_index("source")
        assert list(nulls.index) == ["untrained", "random", "shuffled"]
        assert all(len(its) == 8 for its in nulls["cleanlinesses"])
        assert max(nulls.loc["shuffled", "cleanlinesses"]) < 0.5

    def test_counterexamples_and_histograms_are_of_all_places(self, found):
        its = found[found["neuron"] == 0].iloc[0]
        n = len(seen_by(library.model()).group)
        assert sum(its["n_in_bins"]) == n
        assert 0 < sum(its["n_in_bins_named"]) < n
        assert its["missed"] == its["unexplained"] == ""


def test_rows_are_the_same_for_the_same_run():
    one, other = library.rows(), library.rows()
    assert one.astype(str).equals(other.astype(str))


def test_the_best_for_a_topic_is_looked_at_more_closely_clean_or_not():
    token, eating = Term("token", 3), Term("topic", 1)
    found = Described(
        terms=[
            (token,),
            (eating,),
            (token, eating),
            (Term("next topic", 1),),
            (Term("topic", 2),),
            (),
        ],
        named=torch.zeros(6, 0, dtype=torch.bool),
        cleanliness=torch.tensor([0.9, 0.3, 0.6, 0.4, 0.0, 0.0]),
        precision=torch.zeros(6),
        recall=torch.zeros(6),
    )
    # One for eating that reads no token and fits better than another; for the topic 2 nothing fits.
    needed = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    assert worth_it(found, needed) == [0, 2, 3, 4, 5]
