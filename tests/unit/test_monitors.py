"""Who notices a hint, on models of which it is known what they tell and what they hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from onset.analyses.thoughts import step_patching
from onset.comparisons.thoughts import monitors
from onset.measures.thoughts import hint_told
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.reasoning import thought
from tests.members import made

SETTINGS = thought.Settings(
    name="thought", n_train=60, n_test=120, hints=0.5, right_hints=0.5, tells="hints"
)
WORLD = thought.generate(SETTINGS, 0)
K = SETTINGS.n_steps
NO_HINT, TELLS, KEEPS = (WORLD.vocabulary.index(mark) for mark in "-!,")
FIRST_HINT = WORLD.vocabulary.index("h0")


class Made:
    """A model that answers by the hint, or never, and tells of it, or doesn't; its states hold the hint
    behind the last block alone."""

    constants = decaying = frozenset()

    def __init__(self, *, tells: bool, believes: bool = True) -> None:
        self._tells, self._believes = tells, believes

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        rows = [self._says(tokens) for its in questions for tokens in its.tokens.tolist()]
        return 50.0 * torch.nn.functional.one_hot(torch.tensor(rows), WORLD.n_tokens)

    def _says(self, read: list[int]) -> int:
        hint = read[K + 1]
        if len(read) == K + 3:
            return TELLS if self._tells and hint != NO_HINT else KEEPS
        if len(read) == WORLD.length - 1 and self._believes and hint != NO_HINT:
            return hint - FIRST_HINT
        return NO_HINT  # no state, so that no answer is like a hint by chance

    def residual_stream(self, parameters, tokens):
        states = torch.zeros(2, *tokens.shape, WORLD.n_tokens)
        states[1] = torch.nn.functional.one_hot(tokens[:, K + 1], WORLD.n_tokens)[:, None]
        return states


def compared(model, earlier) -> dict[tuple[str, int | None], float]:
    nothing = {0: {"weight": torch.zeros(1)}}
    members = [made(its, nothing, WORLD) for its in (model, earlier)]
    rows = [its.found for its in monitors.compare(members)]
    assert {its.split for its in rows} == {"misled"}
    return {(its.measure, its.layer): its.value for its in rows}


class TestMonitors:
    def test_a_hint_that_is_told_is_noticed_by_who_reads(self):
        values = compared(Made(tells=True), Made(tells=True))
        assert values["used_word", None] == 1
        assert values["unhinted_word", None] == 0
        assert ("unused_word", None) not in values

    def test_one_that_isnt_is_noticed_in_the_states_that_hold_it(self):
        values = compared(Made(tells=False), Made(tells=True))
        assert values["used_word", None] == 0
        for probe in ("probe", "earlier_probe"):
            assert values[f"used_{probe}", 1] == 1
            assert values[f"unhinted_{probe}", 1] <= 0.1
            # Nothing is there that could tell before the block.
            assert values[f"used_{probe}", 0] == values[f"unhinted_{probe}", 0]
        assert values["used_chance", 1] < 0.5

    def test_one_that_is_seen_and_not_used_raises_an_alarm_all_the_same(self):
        values = compared(Made(tells=False, believes=False), Made(tells=True))
        assert values["unused_earlier_probe", 1] == 1
        assert values["unused_word", None] == 0
        # There is nothing to fit a probe of its own on.
        assert not [name for name, _ in values if name.startswith("used") or (name.endswith("_probe")
                    and "earlier" not in name)]  # fmt: skip


class TestHintTold:
    @pytest.mark.parametrize("tells", [True, False])
    def test_what_is_told(self, tells):
        given = Made(tells=tells), {}, WORLD
        values = {(its.measure, its.split): its.value for its in hint_told.measure(*given)}
        assert values["hint_told", "test"] == values["hint_told", "misled"] == tells
        assert values["hint_invented", "test"] == 0
        assert ("hint_invented", "misled") not in values
        penalty = hint_told.in_loss(Made(tells=tells), WORLD.only(["train"]))
        assert penalty({}).item() == pytest.approx(float(tells), abs=1e-6)

    def test_the_penalty_is_a_probability_that_can_be_lowered(self):
        its = TransformerSettings(name="transformer", d_model=16, n_heads=2, d_mlp=16)
        model = build(its, *WORLD.sizes)
        parameters = {
            name: its.requires_grad_() for name, its in model.initial_parameters(0).items()
        }
        penalty = hint_told.in_loss(model, WORLD.only(["train"]))
        before = penalty(parameters)
        before.backward()
        with torch.no_grad():
            lower = {name: its - 0.5 * its.grad for name, its in parameters.items()}
        assert 0 < penalty(lower).item() < before.item() < 1


STEPS = thought.Settings(name="thought", n_train=20, n_test=120)
STEPS_WORLD = thought.generate(STEPS, 0)


@pytest.fixture(scope="module")
def model():
    its = TransformerSettings(name="transformer", n_layers=2, d_model=16, n_heads=2, d_mlp=16)
    built = build(its, *STEPS_WORLD.sizes)
    parameters = built.initial_parameters(0)
    parameters["tok_embed.weight"] *= 30  # so that answers differ
    return built, parameters


@pytest.fixture(scope="module")
def values(model):
    rows = step_patching.analyse(*model, STEPS_WORLD, 0)
    return {(its.measure, its.layer, its.head, its.position): its.value for its in rows}


class TestStepPatching:
    def test_the_embedding_alone_makes_the_wrong_text(self, model, values):
        split = STEPS_WORLD.splits["edited"]
        last = split.truth["edited_step"] == K - 1
        wrong = torch.from_numpy(split.tokens[last][:, :-1])
        states = model[0].residual_stream(model[1], wrong)[-1]
        said = model[0].unembed(model[1], states)[:, -1].argmax(-1).numpy()
        place = 2 * K + 1
        assert STEPS_WORLD.vocabulary[split.tokens[0, place + 1]] == "="
        expected = (said == split.truth["rival"][last]).mean()
        assert values["place_patched", 0, None, place] == pytest.approx(expected)

    def test_right_texts_have_right_steps(self, model):
        texts = step_patching._texts(*model, STEPS_WORLD)
        right, wrong = texts.right.numpy(), texts.wrong.numpy()
        assert texts.steps == [K + 3, K + 4, K + 5]
        table = STEPS.compositions.table
        state = right[:, 0]
        for step in range(1, K):
            state = table[right[:, step] - STEPS.n_states, state]
            assert (right[:, K + 2 + step] == state).all()
        differ = right != wrong
        assert differ[:, K + 5].all()
        assert differ.sum() == len(right) == 30

    def test_attention_is_the_models(self, model, values):
        texts = step_patching._texts(*model, STEPS_WORLD)
        paid = model[0].attention(model[1], texts.right)[:, :, :, -1].double().mean(1)
        for layer in range(2):
            for head in range(2):
                last = values["step_attention", layer, head, None]
                assert last == pytest.approx(paid[layer, head, K + 5].item(), abs=1e-5)
                earlier = paid[layer, head, [K + 3, K + 4]].mean().item()
                assert values["earlier_attention", layer, head, None] == pytest.approx(
                    earlier, abs=1e-5
                )
        assert np.isfinite([*values.values()]).all()
