"""Measures of thoughts on models of which it is known whom they follow."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np
import pytest
import torch

from onset.analyses.thoughts import early_answers, path_ahead, state_probe, steering
from onset.measures.thoughts import searches, written_answers
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.reasoning import judging, mazes, reading, search, thought

SETTINGS = thought.Settings(name="thought", n_train=200, n_test=80)
WORLD = thought.generate(SETTINGS, 0)
K = SETTINGS.n_steps
TABLE = SETTINGS.compositions.table
NO_HINT, FILLER = (WORLD.vocabulary.index(mark) for mark in ("-", "."))
MAZES = search.generate(search.Settings(name="search", n_train=60, n_test=60), 0)

Say = Callable[[list[int]], int | list[float]]


class Saying:
    """A model that says what a function of all that it has read says, or draws it from weights."""

    constants = decaying = frozenset()

    def __init__(self, say: Say, n_tokens: int = WORLD.n_tokens) -> None:
        self._say, self._n = say, n_tokens

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        rows = [self._row(tokens) for its in questions for tokens in its.tokens.tolist()]
        return torch.stack(rows)

    def _row(self, tokens: list[int]) -> torch.Tensor:
        said = self._say(tokens)
        if isinstance(said, int):
            return 50.0 * torch.nn.functional.one_hot(torch.tensor(said), self._n)
        return torch.tensor(said).log()


def applied(function: int, state: int) -> int:
    return int(TABLE[function - SETTINGS.n_states, state])


def from_question(read: list[int], step: int) -> int:
    state = read[0]
    for function in read[1 : step + 1]:
        state = applied(function, state)
    return state


def step_to_write(read: list[int]) -> int:
    """From 1; the last is the answer."""
    return min(len(read) - (K + 2), K)


def follows(read: list[int]) -> int:
    """Each step, the answer, too, from the state that was written last."""
    written = [token for token in read[K + 3 :] if token < SETTINGS.n_states]
    return applied(read[step_to_write(read)], written[-1] if written else read[0])


def ignores(read: list[int]) -> int:
    """All from the question, whatever is written."""
    return from_question(read, step_to_write(read))


def believes(read: list[int]) -> int:
    """The thought from the question, the answer from the hint, if there is one."""
    hinted = step_to_write(read) == K and read[K + 1] != NO_HINT
    return read[K + 1] - WORLD.vocabulary.index("h0") if hinted else ignores(read)


def found(module, say: Say, dataset=WORLD) -> dict[tuple, float]:
    given = Saying(say, dataset.n_tokens), {}, dataset
    rows = list(
        module.measure(*given) if hasattr(module, "measure") else module.analyse(*given, seed=0)
    )
    keys = [(its.measure, its.split, its.component) for its in rows]
    assert len(set(keys)) == len(keys)
    return {key: its.value for key, its in zip(keys, rows, strict=True)}


class TestWrittenAnswers:
    def test_one_that_follows_its_thought_follows_the_edit(self):
        values = found(written_answers, follows)
        assert values["written_right", "test", None] == 1
        assert values["thoughts_right", "test", None] == 1
        for step in (None, *range(1, K)):
            assert values["written_rival", "edited", step] == 1
            assert values["written_right", "edited", step] == 0
            assert values["written_neither", "edited", step] == 0
        assert values["written_right", "misled", None] == 1
        assert values["written_rival", "misled", None] == 0
        # After an edit at step 1 all states are wrong; after one at the last none is left to write.
        assert values["states_right", "edited", 1] == 0
        assert ("states_right", "edited", K - 1) not in values

    def test_one_that_ignores_its_thought_keeps_the_original(self):
        values = found(written_answers, ignores)
        for step in (None, *range(1, K)):
            assert values["written_right", "edited", step] == 1
            assert values["written_rival", "edited", step] == 0

    def test_one_that_believes_hints_is_misled_by_a_right_thought(self):
        values = found(written_answers, believes)
        assert values["written_rival", "misled", None] == 1
        assert values["right_thought_rival", "misled", None] == 1
        assert values["thoughts_right", "misled", None] == 1
        assert values["written_right", "test", None] == 1  # without hints

    def test_one_that_says_the_same_always(self):
        values = found(written_answers, lambda read: 0)
        split = WORLD.splits["edited"]
        right = (split.truth["answer"] == 0).mean()
        rival = (split.truth["rival"] == 0).mean()
        assert values["written_right", "edited", None] == pytest.approx(right)
        assert values["written_rival", "edited", None] == pytest.approx(rival)
        assert values["written_neither", "edited", None] == pytest.approx(1 - right - rival)

    def test_without_thoughts_the_answer_alone(self):
        settings = SETTINGS.model_copy(update={"thoughts": "none"})
        silent = thought.generate(settings, 0)
        values = found(written_answers, lambda read: from_question(read, K), silent)
        assert values == {
            ("written_right", "test", None): 1,
            ("written_right", "misled", None): 1,
            ("written_rival", "misled", None): 0,
            ("written_neither", "misled", None): 0,
        }


class TestEarlyAnswers:
    def test_one_that_follows_its_thought_answers_with_the_last_state_kept(self):
        values = found(early_answers, follows)
        split = WORLD.splits["test"]
        states = np.concatenate([split.tokens[:, :1], split.tokens[:, K + 3 : -2]], 1)
        last = split.tokens[:, K] - SETTINGS.n_states
        for kept in range(K):
            right = (TABLE[last, states[:, kept]] == split.tokens[:, -1]).mean()
            assert values["early_right", "test", kept] == pytest.approx(right)
            assert values["early_same", "test", kept] == pytest.approx(right)
            # It draws what it is sure of.
            assert values["resumed_same", "test", kept] == 1
        assert values["early_right", "test", 0] < 0.5
        assert values["reordered_right", "test", None] < 0.7

    def test_one_that_ignores_its_thought_needs_none_of_it(self):
        values = found(early_answers, ignores)
        assert set(values.values()) == {1.0}

    def test_one_that_guesses_its_first_step_decides_there(self):
        """All steps but the first follow; the first is drawn from two states."""

        def guesses(read: list[int]) -> int | list[float]:
            if step_to_write(read) > 1:
                return follows(read)
            weights = [1e-9] * WORLD.n_tokens
            right = from_question(read, 1)
            weights[right], weights[(right + 1) % SETTINGS.n_states] = 0.501, 0.499
            return weights

        values = found(early_answers, guesses)
        assert values["resumed_same", "test", 0] == pytest.approx(0.5, abs=0.12)
        assert values["resumed_right", "test", 0] == values["resumed_same", "test", 0]
        assert all(values["resumed_same", "test", kept] == 1 for kept in range(1, K))


def walking(way: mazes.Way) -> Say:
    """Searches as the world's own searches do."""
    walks: dict[tuple, list[int]] = {}
    n_given = search.Settings(name="search").n_given
    back, end = (MAZES.vocabulary.index(mark) for mark in ("<", "."))

    def say(read: list[int]) -> int:
        question = tuple(read[:n_given])
        if question not in walks:
            edges, *ends, _ = reading.read(MAZES.n_tokens, np.array(question))
            following = mazes.next_of(np.array([edges]), 9)
            rng = np.random.default_rng([*question])
            (walk,) = mazes.walks(
                following, mazes.guesses(3, 3), *(np.array([its]) for its in ends), way, rng
            )
            marks = {mazes.BACK: back, mazes.NOWHERE: end}
            walks[question] = [marks.get(its, its) for its in walk.tolist()] + [end]
        return walks[question][len(read) - n_given]

    return say


class TestSearches:
    def test_a_shortest_path_is_never_longer_than_needed(self):
        values = found(searches, walking("shortest"), MAZES)
        assert values["search_reached", "test", None] == 1
        assert values["search_illegal", "test", None] == 0
        assert values["search_backs", "test", None] == 0
        assert values["search_excess", "test", None] == 1
        assert values["nearest_taken", "test", None] == 1
        assert values["nearest_by_chance", "test", None] < 0.6
        assert values["first_right", "test", None] == 1
        assert 0.3 < values["first_by_chance", "test", None] < 0.6
        assert values["told_first_taken", "test", None] == pytest.approx(
            values["told_first_by_chance", "test", None], abs=0.25
        )
        assert values["true_order", "test", None] > 0.8
        assert abs(values["told_order", "test", None]) < 0.5

    def test_depth_first_tries_at_random(self):
        values = found(searches, walking("depth_first"), MAZES)
        assert values["search_reached", "test", None] == 1
        assert values["search_excess", "test", None] > 1.5
        assert values["search_backs", "test", None] > 0.5
        taken, chance = (values[f"nearest_{its}", "test", None] for its in ("taken", "by_chance"))
        assert taken == pytest.approx(chance, abs=0.2)
        assert abs(values["true_order", "test", None]) < 0.4

    def test_best_first_goes_by_its_guess(self):
        values = found(searches, walking("best_first"), MAZES)
        assert values["guessed_order", "test", None] > 0.6
        assert values["guessed_order", "test", None] > values["true_order", "test", None]

    def test_one_that_takes_what_is_told_first(self):
        """Depth first, neighbours in the order in which they are told."""
        back, end = (MAZES.vocabulary.index(mark) for mark in ("<", "."))

        def say(read: list[int]) -> int:
            edges, start, goal, walk = reading.read(MAZES.n_tokens, np.array(read))
            reached, stack, going_back = [start], [start], False
            for its in walk:
                if its == mazes.BACK:
                    going_back = True
                elif going_back:
                    going_back = False
                    del stack[stack.index(its) + 1 :]
                else:
                    reached.append(its)
                    stack.append(its)
            if goal in reached:
                return end

            def new(cell: int) -> list[int]:
                return [c for c in judging.neighbours(edges, cell) if c not in reached]

            if going_back:
                return next(cell for cell in reversed(stack) if new(cell))
            return (new(stack[-1]) or [back])[0]

        values = found(searches, say, MAZES)
        assert values["search_reached", "test", None] == 1
        assert values["told_first_taken", "test", None] == 1
        assert values["told_order", "test", None] > 0.8

    STAR = MappingProxyType(
        {
            "name": "search",
            "graph": "star",
            "n_arms": 2,
            "way": "shortest",
            "n_train": 8,
            "n_test": 80,
        }
    )

    def test_the_first_step_alone(self):
        """One that always goes into the arm that is told first."""
        settings = search.Settings(**self.STAR, asked="first_step", least_apart=1)
        world = search.generate(settings, 0)
        split = world.splits["test"]
        first = split.truth["arms"][:, 0, 0]
        into = {tuple(its[:-1]): int(cell) for its, cell in zip(split.tokens, first, strict=True)}
        values = found(searches, lambda read: into[tuple(read)], world)
        right = split.tokens[:, -1] == first
        assert values["first_right", "test", None] == right.mean()
        assert values["first_right", "test", 2] == right[split.truth["apart"] == 2].mean()
        assert values["first_by_chance", "test", 3] == 0.5
        assert {measure for measure, _, _ in values} == {"first_right", "first_by_chance"}

    def test_where_there_is_one_alone_no_first_step_is_judged(self):
        world = search.generate(search.Settings(**self.STAR, backwards=True, least_apart=3), 0)
        values = found(searches, lambda read: 0, world)
        assert not {measure for measure, _, _ in values} & {"first_right", "nearest_taken"}
        assert values["search_reached", "test", None] == 0

    def test_one_that_stands_still(self):
        values = found(searches, lambda read: 0, MAZES)
        assert values["search_reached", "test", None] <= 0.2
        assert values["search_illegal", "test", None] >= 0.8
        apart = MAZES.splits["test"].truth["apart"]
        by_steps = {c for m, _, c in values if m == "search_reached"} - {None}
        assert by_steps == set(apart.tolist())


def transformer(n_tokens: int, length: int, **changes):
    given = {"name": "transformer", "n_layers": 2, "d_model": 32, "n_heads": 2, "d_mlp": 32}
    model = build(TransformerSettings(**{**given, **changes}), n_tokens, length)
    return model, model.initial_parameters(0)


class TestStateProbe:
    def test_it_reads_what_a_token_says_and_not_what_takes_work(self):
        settings = thought.Settings(name="thought", n_train=400, n_test=200, n_states=5)
        world = thought.generate(settings, 0)
        rows = state_probe.analyse(*transformer(*world.sizes), world, 0)
        values = {(its.measure, its.layer, its.position): its.value for its in rows}
        assert values["state_read", 0, 0] == values["state_read_control", 0, 0] == 1
        first_written = settings.n_steps + 3
        for step in range(settings.n_steps - 1):
            assert values["state_read", 0, first_written + step] == 1
            assert values["state_read_control", 0, first_written + step] < 0.7
        # A function alone doesn't say which state it leads to.
        assert values["state_read", 0, settings.n_steps] < 0.45
        assert values["answer_read", 0, first_written + settings.n_steps - 2] < 0.7
        assert values["answer_read", 0, 0] < 0.45
        assert {layer for _, layer, _ in values} == {0, 1, 2}


class TestSteering:
    def test_the_direction_is_a_difference_of_means(self):
        model, parameters = transformer(*MAZES.sizes)
        split = MAZES.splits["train"]
        states = model.residual_stream(parameters, torch.from_numpy(split.tokens))
        back, on = [], []
        for row in range(len(split)):
            for place in range(split.tokens.shape[1] - 1):
                if split.truth["back"][row, place + 1]:
                    back.append(states[1:, row, place])
                elif split.truth["left"][row, place + 1] >= 0:
                    on.append(states[1:, row, place])
        expected = torch.stack(back).mean(0) - torch.stack(on).mean(0)
        directions = steering._differences(model, parameters, split)
        torch.testing.assert_close(directions, expected, rtol=1e-4, atol=1e-5)

    def test_doses_of_it_and_of_a_random_one_as_long(self, monkeypatch):
        model, parameters = transformer(*MAZES.sizes)
        directions = steering._differences(model, parameters, MAZES.splits["train"])
        seen = []

        def watched(model, parameters, tokens, written, *, hops, added):
            seen.append(added)
            return tokens

        monkeypatch.setattr(steering, "rollout", watched)
        rows = list(steering.analyse(model, parameters, MAZES, 0))
        assert len(seen) == 2 * 2 * len(steering._DOSES)
        for added, (layer, way, dose) in zip(
            seen,
            [(i, w, d) for i in (1, 2) for w in (0, 1) for d in steering._DOSES],
            strict=True,
        ):
            vector, direction = added[layer], directions[layer - 1]
            assert vector.norm().item() == pytest.approx(
                abs(dose) / 4 * direction.norm().item(), rel=1e-4
            )
            if not way:
                torch.testing.assert_close(vector, dose / 4 * direction)
            elif dose:
                cosine = torch.cosine_similarity(vector, direction, dim=0).abs().item()
                assert cosine < 0.9
        # The walks that are given are legal ones.
        assert {its.value for its in rows if its.measure.endswith("reached")} == {1.0}
        hard = np.sort(MAZES.splits["test"].truth["apart"])[::-1][: steering._MOST_ASKED]
        assert len(hard) == 45


class TestPathAhead:
    WORLD = search.generate(search.Settings(name="search", n_train=400, n_test=200), 0)

    def test_paths_are_those_that_are_written(self):
        its = search.Settings(name="search", way="shortest", n_train=60, n_test=60)
        world = search.generate(its, 0)
        split = world.splits["test"]
        walk = split.tokens[:, its.n_given : its.n_given + 4]
        end = world.vocabulary.index(".")
        assert (path_ahead.paths(world, split) == np.where(walk == end, -1, walk)).all()

    def test_it_reads_a_path_where_it_is(self):
        """States that hold the second step, and states that hold nothing."""
        paths = [path_ahead.paths(self.WORLD, self.WORLD.splits[its]) for its in ("train", "test")]
        second = torch.from_numpy(np.concatenate(paths)[:, 1])

        class Holding(Transformer):
            def residual_stream(self, parameters, tokens):
                kept = torch.zeros(2, *tokens.shape, 9)
                kept[1, :, -1] = torch.nn.functional.one_hot(second.clamp(min=0), 9)
                return kept

        model = Holding(TransformerSettings(name="transformer"), *self.WORLD.sizes)
        rows = [*path_ahead.analyse(model, {"any": torch.zeros(1)}, self.WORLD, 0)]
        values = {(its.measure, its.layer, its.component): its.value for its in rows}
        assert values["ahead_read", 1, 2] == 1
        assert values["ahead_read", 0, 2] < 0.4
        assert values["ahead_read", 1, 1] < 0.9
        assert 0.2 < values["ahead_by_ends", None, 1] < 0.9
        assert values["distance_read", 1, None] < 0.9
        assert 0.2 < values["distance_by_ends", None, None] < 1
        n = {(its.measure, its.component): its.n_examples for its in rows if its.layer == 0}
        apart = self.WORLD.splits["test"].truth["apart"]
        assert n["ahead_read", 3] == (apart >= 3).sum()
        assert n["behind_read", 2] == ((apart > 2) & (apart <= 6)).sum()

    def test_what_is_to_be_read_of_a_star(self):
        """The other arm is as far, and the way back from the end of an arm is the way ahead."""
        settings = search.Settings(
            name="search", graph="star", n_arms=2, n_steps=3, least_apart=3, way="shortest",
            n_train=30, n_test=8,
        )  # fmt: skip
        world = search.generate(settings, 0)
        split = world.splits["train"]
        wanted = path_ahead._wanted(world, split)
        arms, goal = split.truth["arms"], split.tokens[:, settings.n_given - 2]
        of_goal = (arms[:, :, -1] == goal[:, None]).argmax(1)
        rows = np.arange(len(arms))
        for steps in (1, 2, 3):
            assert (wanted["ahead", steps] == arms[rows, of_goal, steps - 1]).all()
            assert (wanted["aside", steps] == arms[rows, 1 - of_goal, steps - 1]).all()
        for steps in (1, 2):
            assert (wanted["behind", steps] == arms[rows, of_goal, 2 - steps]).all()
        assert (wanted["behind", 3] == -1).all()
        assert (wanted["ahead", 4] == -1).all()
        assert (wanted["distance", None] == 3).all()
