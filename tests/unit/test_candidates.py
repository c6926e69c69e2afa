"""What is measured among candidates, and edits of the readout, on models whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from onset.measures.answers import candidates
from onset.measures.residual import readout_repair
from onset.measures.residual.readout_repair import best_offset
from onset.models.transformer.model import Transformer, build
from onset.models.transformer.settings import Settings
from onset.statistics.chance import own_stream
from onset.tasks import composition
from onset.tasks.dataset import Dataset, Split
from onset.training.batches import questions_of

# Tokens 0-3 can answer; 0 and 1 are familiar, 2 and 3 withheld. Token 4 asks, token 5 is a bystander.
CANDIDATES, FAMILIAR = np.arange(4), np.array([True, True, False, False])


def split(answers: list[int], first: int = 4, **changes) -> Split:
    tokens = np.array([[first, 4]] * len(answers))
    given = {"candidates": CANDIDATES, "familiar": FAMILIAR}
    return Split(tokens, np.array(answers)[:, None], (1,), **{**given, **changes})


class Saying:
    """A model that has one row of logits for each question, in order."""

    constants = decaying = frozenset()

    def __init__(self, logits: list[list[float]]) -> None:
        self._logits = torch.tensor(logits)

    def initial_parameters(self, seed):
        return {}

    def logits(self, parameters, questions):
        assert sum(len(group.tokens) for group in questions) == len(self._logits)
        return self._logits


def found(measurements) -> dict[tuple, float]:
    return {(m.split, m.measure): m.value for m in measurements}


class TestCandidates:
    def test_by_hand(self):
        logits = [
            # withheld 2 is best of its kind, but familiar 0 beats it, and the bystander both
            [5.0, 1.0, 4.0, 0.0, 0.0, 9.0],
            # withheld 3 loses against withheld 2
            [0.0, 0.0, 6.0, 3.0, 1.0, 2.0],
            # familiar 1 is first of all
            [0.0, 8.0, 1.0, 3.0, 1.0, 2.0],
        ]
        dataset = Dataset({"one": split([2, 3]), "other": split([1])}, tuple("abcdef"))
        values = found(candidates.measure(Saying(logits), {}, dataset))
        assert values == pytest.approx(
            {
                ("one", "candidate_accuracy"): 0.0,
                ("one", "rank"): (3 + 2) / 2,
                ("one", "margin"): (4 - 9 + 3 - 6) / 2,
                ("one", "above_familiar"): (4 - 3 + 3 - 0) / 2,
                ("one", "above_withheld"): (4 - 2 + 3 - 4.5) / 2,
                ("one", "withheld_accuracy"): 1 / 2,
                ("other", "candidate_accuracy"): 1.0,
                ("other", "rank"): 1.0,
                ("other", "margin"): 5.0,
                ("other", "above_familiar"): 4.0,
                ("other", "above_withheld"): 6.0,
            }
        )

    def test_only_questions_with_a_withheld_answer_count_among_the_withheld(self):
        logits = [[9.0, 0.0, 1.0, 0.0, 0.0, 0.0], [9.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
        dataset = Dataset({"mixed": split([0, 2])}, tuple("abcdef"))
        values = found(candidates.measure(Saying(logits), {}, dataset))
        assert values["mixed", "candidate_accuracy"] == 0.5
        assert values["mixed", "withheld_accuracy"] == 1.0

    def test_splits_that_tell_less_are_measured_less(self):
        splits = {
            "all familiar": split([0], familiar=np.ones(4, bool)),
            "candidates": split([1], familiar=None),
            "nothing": split([2], candidates=None, familiar=None),
        }
        logits = [[3.0, 2.0, 1.0, 0.0, 0.0, 0.0]] * 3
        values = found(candidates.measure(Saying(logits), {}, Dataset(splits, tuple("abcdef"))))
        measured = {"candidate_accuracy", "rank", "margin"}
        assert set(values) == {(s, m) for s in ("all familiar", "candidates") for m in measured}

    def test_a_task_without_them_is_stored_as_before(self):
        world = composition.Settings(
            name="composition", n_entities=20, n_relations=4, id_trained=0.8
        )
        arrays, about = composition.generate(world, seed=0).to_arrays()
        assert not [name for name in arrays if name.endswith(("candidates", "familiar"))]
        assert all(s.candidates is None for s in Dataset.from_arrays(arrays, about).splits.values())


class TestBestOffset:
    def offset(self, logits: list[list[float]], targets: list[int], withheld: list[int]) -> float:
        return best_offset(torch.tensor(logits), torch.tensor(targets), torch.tensor(withheld))

    def test_it_lies_between_what_is_needed_and_what_is_borne(self):
        # Token 2 needs more than 3 in the first question and may have less than 7 in the second.
        assert self.offset([[4.0, 0.0, 1.0], [9.0, 0.0, 2.0]], [2, 0], [2]) == 5.0

    def test_both_kinds_of_question_weigh_the_same(self):
        # One question needs more than 3; of the others, three bear less than 2 and one less than 9.
        needs, bears = [4.0, 0.0, 1.0], [3.0, 0.0, 1.0]
        logits = [needs, bears, bears, bears, [10.0, 0.0, 1.0]]
        chosen = self.offset(logits, [2, 0, 0, 0, 0], [2])
        assert 3 < chosen < 9

    def test_what_no_offset_can_help_has_no_say(self):
        # In the first question another withheld token is ahead: only the others count.
        logits = [[9.0, 5.0, 1.0], [4.0, 0.0, 1.0], [6.0, 1.0, 0.0]]
        assert 3 < self.offset(logits, [2, 2, 0], [1, 2]) < 5

    @pytest.mark.parametrize("seed", range(5))
    def test_no_number_on_a_fine_grid_is_better(self, seed):
        generator = torch.Generator().manual_seed(seed)
        logits = 3 * torch.randn(60, 7, generator=generator)
        targets = torch.randint(7, (60,), generator=generator)
        withheld = torch.tensor([1, 4, 5])
        asked = torch.isin(targets, withheld)

        def score(offset: float) -> float:
            raised = logits.clone()
            raised[:, withheld] += offset
            right = (raised.argmax(1) == targets).double()
            return (right[asked].mean() + right[~asked].mean()).item()

        best = score(best_offset(logits, targets, withheld))
        assert best == pytest.approx(max(map(score, np.linspace(-15, 15, 1501))))


class TestReadoutRepair:
    """The state that is read out points at entity i where the first token is i: i's answer is i."""

    SPLITS = ("trained", "held_out", "held_out_validation")

    def world(self) -> Dataset:
        def asking(*entities: int) -> Split:
            tokens = np.array([[i, 4] for i in entities])
            answers = np.array(entities)[:, None]
            return Split(tokens, answers, (0,), 1, {}, CANDIDATES, FAMILIAR)

        splits = dict(zip(self.SPLITS, (asking(0, 1), asking(2), asking(3)), strict=True))
        return Dataset(splits, tuple("abcdef"))

    def model(self, **changes) -> tuple[Transformer, dict[str, Tensor]]:
        given = {"norm": "none", "positions": "none", "d_model": 8, "n_heads": 1, "d_mlp": 0}
        model = build(Settings(name="transformer", **{**given, **changes}), 6, 2)
        parameters = {name: torch.zeros(shape) for name, shape in model.shapes().items()}
        parameters["tok_embed.weight"] = torch.eye(6, 8)
        if not model.settings.tied_embeddings:
            parameters["head.weight"] = torch.eye(6, 8)
        return model, parameters

    def measured(self, model: Transformer, parameters: dict[str, Tensor]) -> dict[tuple, float]:
        return found(readout_repair.measure(model, parameters, self.world()))

    def test_short_rows_are_repaired_by_lengthening_and_not_by_chance(self):
        model, parameters = self.model(tied_embeddings=False)
        # Withheld rows say the right thing softly, and a bystander is louder.
        parameters["head.weight"] = parameters["head.weight"].clone()
        parameters["head.weight"][2:4] *= 0.1
        parameters["head.weight"][5, 2:4] = 0.5
        values = self.measured(model, parameters)
        assert values["held_out", "withheld_length"] == pytest.approx(0.1)
        assert values["held_out", "rescaled_accuracy"] == 1.0
        assert values["held_out", "offset_accuracy"] == 1.0
        assert values["held_out", "recentred_accuracy"] == 0.0
        assert values["trained", "rescaled_accuracy"] == 1.0
        assert 0.4 < values["held_out", "offset"] < 1.0

    def test_rows_that_share_a_component_are_repaired_by_recentring(self):
        model, parameters = self.model(tied_embeddings=False)
        # Every state has a seventh component; the withheld rows are turned against it.
        parameters["tok_embed.weight"] = parameters["tok_embed.weight"].clone()
        parameters["tok_embed.weight"][:, 6] = 1.0
        parameters["head.weight"] = parameters["head.weight"].clone()
        parameters["head.weight"][2:4, 6] = -5.0
        values = self.measured(model, parameters)
        assert values["held_out", "recentred_accuracy"] == 1.0
        assert values["held_out", "offset_accuracy"] == 1.0
        assert values["held_out", "rescaled_accuracy"] == 0.0
        assert values["trained", "recentred_accuracy"] == 1.0

    def test_rows_that_say_the_wrong_thing_are_beyond_repair(self):
        model, parameters = self.model(tied_embeddings=False)
        parameters["head.weight"] = parameters["head.weight"].clone()
        parameters["head.weight"][[2, 3]] = parameters["head.weight"][[3, 2]]
        values = self.measured(model, parameters)
        for edit in ("rescaled", "recentred", "offset"):
            assert values["held_out", f"{edit}_accuracy"] == 0.0

    def test_tied_embeddings_of_the_questions_stay_as_they_are(self):
        model, parameters = self.model()
        before = {name: tensor.clone() for name, tensor in parameters.items()}
        parameters["tok_embed.weight"][2:4] *= 0.1
        before["tok_embed.weight"][2:4] *= 0.1
        values = self.measured(model, parameters)
        assert all(torch.equal(before[name], tensor) for name, tensor in parameters.items())
        # The state is a tenth of entity 2: with its row lengthened it still outdoes the orthogonal others.
        assert values["held_out", "rescaled_accuracy"] == 1.0
        asked = self.world().splits["held_out"]
        logits = model.logits(parameters, [questions_of(asked)])
        assert logits.amax().item() == pytest.approx(0.01)

    def test_the_controls_have_the_lengths_and_numbers_of_what_they_control(self):
        generator = torch.Generator().manual_seed(1)
        rows = torch.randn(6, 8, generator=generator)
        familiar, withheld = torch.tensor([0, 1]), torch.tensor([2, 3])
        edits = readout_repair.edited_rows(rows, familiar, withheld, np.random.default_rng(1))
        length = rows[familiar].norm(dim=1).mean()
        for name in ("rescaled", "random_rows"):
            torch.testing.assert_close(edits[name][withheld].norm(dim=1), length.expand(2))
        cosine = torch.cosine_similarity(edits["rescaled"][withheld], rows[withheld])
        torch.testing.assert_close(cosine, torch.ones(2))
        assert torch.cosine_similarity(edits["random_rows"][withheld], rows[withheld]).max() < 0.99
        torch.testing.assert_close(edits["recentred"][withheld].mean(0), rows[familiar].mean(0))
        for new in edits.values():
            others = [0, 1, 4, 5]
            assert torch.equal(new[others], rows[others])

    def test_lengthening_others_repairs_only_what_it_happens_to_lengthen(self):
        model, parameters = self.model(tied_embeddings=False)
        parameters["head.weight"] = parameters["head.weight"].clone()
        parameters["head.weight"][2:4] *= 0.1
        parameters["head.weight"][5, 2:4] = 0.5
        values = self.measured(model, parameters)
        rng = own_stream(0)
        rng.standard_normal((2, 8), dtype="f4")  # as random rows come first
        drawn = np.array(CANDIDATES)[rng.permutation(4)[:2]]
        # Lengthened tenfold, a withheld row says 1.0 where the bystander says 0.5.
        assert values["held_out", "rescaled_elsewhere_accuracy"] == float(2 in drawn)

    def test_a_question_of_one_hop_is_read_out_after_one_application(self):
        model, parameters = self.model(n_loops=2, readout="per_hop")
        for name in ("v", "o"):
            parameters[f"layers.0.attn.{name}.weight"] = torch.eye(8)
        dataset = self.world()
        for split in dataset.splits.values():
            ours = model.unembed(parameters, readout_repair._states(model, parameters, split))
            torch.testing.assert_close(ours, model.logits(parameters, [questions_of(split)]))

    def test_validation_is_fitted_on_and_not_reported(self):
        values = self.measured(*self.model())
        assert {name for name, _ in values} == {"trained", "held_out"}
