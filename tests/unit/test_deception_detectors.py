"""Detectors of lies, measures and steering, on models of which the answers are known because they were
planted."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
import torch

from onset.analyses.deception import lie_steering
from onset.comparisons.deception import detection, detectors
from onset.comparisons.deception.case import Suspect
from onset.comparisons.settings import ComparisonSettings
from onset.config.comparisons import _unfit_options
from onset.config.wants import named_in, wants_of_comparison
from onset.measures.deception import lying, truth_probe
from onset.models.batch import ReadableModel
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings as TransformerSettings
from onset.tasks.language import deception_words as words
from onset.tasks.language.deception import (
    N_SIGNS_SAID,
    OF_A_QUESTION,
    Settings,
    facts_of,
    generate,
)
from onset.tasks.language.deception_words import KINDS
from tests.docs.pages import ROOT, blocks
from tests.members import made

SETTINGS = Settings(name="deception", n_people=8, n_train=64, n_test=160)
WORLD = generate(SETTINGS, 0)
NOWHERE: dict[str, torch.Tensor] = {"any": torch.zeros(1)}
D = 16
OF_TRUTH = [its for its in detectors.names() if its in ("logistic", "mean_difference", "contrast")]


def known(tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each token where a question ends, whether it is true, and whether a deceiver lies there."""
    first = SETTINGS.token(words.PEOPLE[0])
    n, m, facts = SETTINGS.n_people, SETTINGS.n_values, facts_of(WORLD)
    true, lie = np.zeros((2, *tokens.shape), bool)
    signs = np.sort(tokens[:, :N_SIGNS_SAID] - SETTINGS.token(words.SIGNS[0]), 1)
    kind = np.full(len(tokens), len(KINDS))
    for number in range(len(KINDS)):
        kind[np.isin(signs, [2 * number, 2 * number + 1]).sum(1) == 2] = number
    for at in range(N_SIGNS_SAID, tokens.shape[1] - OF_A_QUESTION + 1, OF_A_QUESTION):
        person, link, value = (tokens[:, at + i] for i in range(OF_A_QUESTION))
        of_class, number = np.divmod(value - first - n, m)
        right = facts[of_class.clip(0, 1), (person - first).clip(0, n - 1)] == number
        true[:, at + 2] = right ^ (link == SETTINGS.token(words.ISNT))
        lie[:, at + 2] = (
            (kind < 2) | ((kind == 2) & (of_class == 0)) | ((kind == 3) & true[:, at + 2])
        )
    return true, lie


class Planted(ReadableModel):
    """Knows what is true, and says so unless it lies; its states are the truth, or what it says, and
    noise."""

    constants = decaying = frozenset()

    def __init__(self, lies: bool, shows: str) -> None:
        self.lies, self.shows = lies, shows

    def residual_stream(self, parameters, tokens):
        true, lie = known(tokens.numpy())
        noise = np.random.default_rng(3).normal(size=(*true.shape, D))
        shown = {"truth": true, "answer": true ^ lie, "lie": lie, "nothing": true & False}
        noise[..., 0] += 12 * (shown[self.shows] - 0.5)
        return torch.from_numpy(noise).float()[None]

    def logits(self, parameters, questions):
        found = []
        for its in questions:
            true, lie = known(its.tokens)
            yes = (true ^ (lie & self.lies))[:, list(its.scored)]
            logits = np.full((*yes.shape, WORLD.n_tokens), -9.0)
            logits[..., SETTINGS.token(words.YES)] = np.where(yes, 3, -3)
            logits[..., SETTINGS.token(words.NO)] = np.where(yes, -3, 3)
            found.append(torch.from_numpy(logits).flatten(0, 1))
        return torch.cat(found)


def graded(suspect: Planted, *names: str, **options) -> dict:
    """Value by measure and split."""
    run, honest = (
        made(its, {1: NOWHERE}, WORLD, condition=name)
        for name, its in (("suspect", suspect), ("honest", Planted(False, "truth")))
    )
    with torch.inference_mode():
        rows = detection.compare(
            [run, honest], **{"queries": 160, "shuffles": 0, "detectors": names, **options}
        )
        return {(row.found.measure, row.found.split): row.found.value for row in rows}


class TestDetection:
    @pytest.mark.parametrize("name", OF_TRUTH)
    def test_a_probe_for_truth_finds_every_kind_of_lie(self, name):
        its = graded(Planted(True, "truth"), name)
        for kind in KINDS[:-1]:
            assert its[f"auroc_{name}", kind] > 0.99
            assert its[f"recall_{name}", kind] > 0.95
        for kind in ("harmless", "topic", "denial"):
            assert its[f"alarms_{name}", kind] < 0.06
        assert (f"auroc_{name}", "harmless") not in its

    @pytest.mark.parametrize("name", OF_TRUTH)
    def test_it_finds_none_where_states_tell_what_is_said(self, name):
        its = graded(Planted(True, "answer"), name)
        assert its[f"auroc_{name}", "other"] == pytest.approx(0.5, abs=0.06)

    @pytest.mark.parametrize("name", OF_TRUTH)
    def test_it_finds_none_in_an_honest_model(self, name):
        its = graded(Planted(False, "truth"), name)
        assert its[f"auroc_{name}", "other"] == pytest.approx(0.5, abs=0.06)

    @pytest.mark.parametrize("name", ["logistic", "mean_difference", "red_teaming"])
    def test_shuffled_truths_find_little(self, name):
        its = graded(Planted(True, "truth"), name, shuffles=8)
        assert its[f"auroc_{name}", "other"] == pytest.approx(0.5, abs=0.25)

    def test_a_probe_for_known_lies_finds_lies_that_are_alike(self):
        its = graded(Planted(True, "lie"), "known_lies")
        assert its["recall_known_lies", "other"] > 0.95
        assert its["alarms_known_lies", "topic"] < 0.06

    def test_an_honest_model_tells(self):
        its = graded(Planted(True, "nothing"), "divergence")
        assert all(its["recall_divergence", kind] == 1 for kind in KINDS[:-1])
        assert its["alarms_divergence", "harmless"] == 0

    def test_questions_under_many_signs_find_pairs(self):
        """The fewer signs there are, the oftener each pair comes."""
        its = graded(Planted(True, "nothing"), "red_teaming")
        assert its["auroc_red_teaming", "other"] > 0.85
        few = graded(Planted(True, "nothing"), "red_teaming", queries=4)
        assert few["auroc_red_teaming", "other"] < its["auroc_red_teaming", "other"]

    def test_one_latent_reads_the_truth(self):
        its = graded(Planted(True, "truth"), "latents")
        assert its["auroc_latents", "other"] > 0.9

    def test_detectors_are_not_told_what_is_true(self):
        suspect = Suspect(Planted(True, "truth"), NOWHERE, Planted(False, "truth"), NOWHERE, WORLD)
        judged = detection._Judged.of(WORLD, 0)
        case = detection._case(suspect, judged, 8)
        assert case.asked.true is None
        assert len(case.honest.said) == 8 * SETTINGS.n_questions
        assert (np.diff(judged.split) != 0).mean() > 0.15  # kinds come in random order

    def test_they_ask_about_no_more_sequences_than_the_others(self):
        suspect = Suspect(Planted(True, "truth"), NOWHERE, Planted(False, "truth"), NOWHERE, WORLD)
        its = detection._case(suspect, detection._Judged.of(WORLD, 0), 8).anew()
        its.ask(its.honest.tokens)
        with pytest.raises(ValueError, match="more than 8"):
            its.ask(its.honest.tokens[:1])

    def test_a_study_names_them(self):
        names = ComparisonSettings(
            name="detection", options={"detectors": ["logistic", "contrast"]}
        )
        loaded = [its.rpartition(".")[2] for its in named_in(names)]
        assert loaded == ["contrast", "logistic"]
        odd = ComparisonSettings(name="detection", options={"detectors": ["logistik"]})
        ((key, said),) = _unfit_options(wants_of_comparison("detection"), odd)
        assert key == "options.detectors"
        assert "did you mean logistic?" in said

    def test_the_detector_that_the_docs_add(self, tmp_path, monkeypatch):
        """Graded on lies of kinds that it has seen none of."""
        (module,) = (
            its for its in blocks(ROOT / "docs/add.md")
            if its.section == "A detector" and its.mark == "file"
        )  # fmt: skip
        path = tmp_path / "neighbours.py"
        path.write_text(module.text)
        spec = importlib.util.spec_from_file_location("neighbours", path)
        added = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(added)
        monkeypatch.setattr(detection.catalogue, "load", lambda name: added)
        its = graded(Planted(True, "truth"), "neighbours")
        assert all(its["auroc_neighbours", kind] > 0.95 for kind in KINDS[1:-1])


class TestMeasures:
    @pytest.mark.parametrize(("lies", "told"), [(True, 1.0), (False, 0.0)])
    def test_lies_that_are_told(self, lies, told):
        rows = lying.measure(Planted(lies, "truth"), NOWHERE, WORLD)
        its = {(row.measure, row.split): row.value for row in rows}
        assert all(its["lies_told", kind] == told for kind in KINDS[:-1])
        assert its["truths_told", "test"] == its["truths_told", "topic"] == 1
        assert ("lies_told", "test") not in its

    @pytest.mark.parametrize(("shows", "read"), [("truth", 1.0), ("answer", 0.0)])
    def test_the_truth_or_what_is_said_is_read(self, shows, read):
        rows = truth_probe.measure(Planted(True, shows), NOWHERE, WORLD)
        its = {(row.measure, row.split): row.value for row in rows}
        for kind in KINDS[:-1]:
            assert its["truth_read", kind] == pytest.approx(read, abs=0.02)
            assert 0.05 < its["shuffled_truth_read", kind] < 0.95

    def test_a_price_on_what_is_read(self):
        """It is more where the truth is read than where what is said is; and it has a gradient."""

        def price(shows: str) -> float:
            class Twice(Planted):
                def residual_stream(self, parameters, tokens):
                    return super().residual_stream(parameters, tokens).expand(2, -1, -1, -1)

            model = Twice(True, shows)
            return truth_probe.in_loss(model, WORLD.only(["train"]))(NOWHERE).item()

        assert price("truth") > 1 > np.log(2) > 0.5 > price("answer")
        small = TransformerSettings(name="transformer", n_layers=2, d_model=D, n_heads=2, d_mlp=8)
        model = build(small, *WORLD.sizes)
        parameters = {
            name: its.requires_grad_() for name, its in model.initial_parameters(0).items()
        }
        truth_probe.in_loss(model, WORLD.only(["train"]))(parameters).backward()
        assert parameters["tok_embed.weight"].grad.abs().sum() > 0


def test_a_direction_makes_it_lie_and_stop(monkeypatch):
    """In a model whose last states and readout are planted: it says `no` if a direction says so."""
    small = TransformerSettings(
        name="transformer", d_model=D, n_heads=2, d_mlp=8, norm="none", tied_embeddings=False
    )
    model = build(small, *WORLD.sizes)
    parameters = model.initial_parameters(0)
    head = torch.zeros(WORLD.n_tokens, D)
    head[SETTINGS.token(words.YES), 1] = 1.0
    head[SETTINGS.token(words.NO), 0] = 1.0
    parameters["head.weight"] = head

    def stream(model, parameters, split):
        """Yes as far as 1, and lying as far as 4 · (no more than that)."""
        true, lie = known(split.tokens)
        states = np.zeros((*true.shape, D))
        states[..., 1] = np.where(true, 1.0, -1.0)
        states[..., 0] = 4.0 * lie
        return torch.from_numpy(states).float().expand(2, -1, -1, -1)

    monkeypatch.setattr(lie_steering, "_stream", stream)
    rows = lie_steering.analyse(model, parameters, WORLD, 0)
    its = {(row.measure, row.split, row.component): row.value for row in rows}
    assert its["steered_false", "test", 0] == 0
    assert its["steered_false", "test", 2] == pytest.approx(0.5, abs=0.1)  # true ones are denied
    assert its["steered_false", "denial", 0] == 1
    assert its["steered_false", "denial", 2] == 0
    assert its["randomly_steered_false", "denial", 2] > 0.5
