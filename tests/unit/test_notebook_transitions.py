"""What the notebook of phase changes asks of its runs: losses made by hand, by formulas."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from onset.figures.factors import draw_plateaus
from onset.notebook.ladder import Ladder
from onset.notebook.skills import MEAN, Skills
from onset.notebook.study import NotebookStudy
from onset.statistics.digit_order import SHARPNESS_OF_DECAY

SEEDS = (0, 1)
RATE = 0.01
NETWORKS = {
    "name": "factors", "n_signs": 1, "width": 1, "factors": [1, 2], "scales": [0.2, 0.1],
    "start": "alike", "restarts": 2,
}  # fmt: skip
STEPS = np.arange(0, 601, 5)


def flow(k: int, scale: float, steps: np.ndarray) -> np.ndarray:
    """The loss of one number, or of the product of two, under gradient flow."""
    time = RATE * steps
    if k == 1:
        return np.square((1 - scale) * np.exp(-time))
    return np.square(1 - 1 / (1 + (scale**-2 - 1) * np.exp(-2 * time)))


def study_of(folder: Path, settings: dict, measures: pd.DataFrame) -> NotebookStudy:
    names = tuple(settings)
    its = NotebookStudy(folder, names, list(SEEDS), labels={name: name.upper() for name in names})
    vars(its).update(settings=settings, measures=measures)
    return its


class TestLadder:
    @pytest.fixture
    def ladder(self, tmp_path) -> Ladder:
        """Drawn ones wait twice as long; a network of theirs, of four with two factors, never falls."""
        rows = []
        nets = [(k, scale, restart) for k in (1, 2) for scale in (0.2, 0.1) for restart in (0, 1)]
        for condition, late in {"alike": 1, "drawn": 2}.items():
            for seed in SEEDS:
                for component, (k, scale, _) in enumerate(nets):
                    losses = flow(k, scale, STEPS / late)
                    if condition == "drawn" and component == 7:
                        losses = np.ones(len(STEPS))
                    rows.append(
                        pd.DataFrame(
                            {"condition": condition, "seed": seed, "component": component,
                             "step": STEPS, "value": losses}
                        )
                    )  # fmt: skip
        measures = pd.concat(rows).assign(measure="factor_loss", split="train", kind="size")
        training = {"learning_rate": RATE}
        settings = {
            "alike": {"model": NETWORKS, "training": training},
            "drawn": {"model": {**NETWORKS, "start": "drawn"}, "training": training},
            "other": {"model": {"name": "bottleneck"}, "training": training},
        }
        return Ladder(study_of(tmp_path, settings, measures))

    def test_only_those_that_begin_alike_are_foreseen(self, ladder):
        assert list(ladder.settings) == ["alike", "drawn"]
        assert ladder.numbers(["alike", "drawn", "other"]) == ["alike"]

    def test_a_flow_is_what_is_foreseen(self, ladder):
        measured, foreseen = ladder.plateaus("alike")
        both = measured.merge(foreseen, on=["factors", "scale"])
        assert len(both) == 4
        assert both["mean"].to_numpy() == pytest.approx(both["time"].to_numpy(), rel=0.01)
        assert ladder.farthest_off(["alike"]) < 0.01
        assert ladder.farthest_off(["drawn"]) == pytest.approx(1, abs=0.02)

    def test_sharpness_is_that_of_the_smallest_scale(self, ladder):
        its = ladder.sharpness().set_index(["condition", "factors"])["mean"]
        closed = ladder.foreseen("alike").set_index(["factors", "scale"])["sharpness"]
        assert its["alike", 1] == pytest.approx(SHARPNESS_OF_DECAY, rel=0.01)
        assert its["alike", 2] == pytest.approx(closed[2, 0.1], rel=0.01)
        assert its["drawn", 1] == pytest.approx(its["alike", 1], rel=0.01)
        assert ladder.sharper("alike", 2, 1).tolist() == pytest.approx(
            [its["alike", 2] / its["alike", 1]] * 2
        )

    def test_where_half_of_a_runs_networks_dont_fall_there_is_no_number(self, ladder):
        its = ladder.sharpness().set_index(["condition", "factors"])["mean"]
        assert ("drawn", 2) not in its.index or np.isnan(its["drawn", 2])

    def test_how_much_longer_a_small_scale_waits(self, ladder):
        its = ladder.waiting().set_index(["condition", "factors"])["mean"]
        halves = ladder.halves(["alike"]).set_index("factors")["mean"]
        assert its["alike", 1] == pytest.approx(1, abs=0.01)
        foreseen = ladder.foreseen("alike").set_index(["factors", "scale"])["time"]
        assert its["alike", 2] == pytest.approx(foreseen[2, 0.1] / foreseen[2, 0.2], rel=0.01)
        assert halves[2] == pytest.approx(foreseen[2, 0.1] / RATE, rel=0.01)

    def test_the_figure_has_both(self, ladder):
        figure = draw_plateaus({"numbers": ladder.plateaus("alike")})
        (axis,) = figure.axes
        assert len(axis.get_lines()) == 4
        for line, markers in zip(axis.get_lines()[::2], axis.get_lines()[1::2], strict=True):
            drawn, expected = (np.sort(its.get_ydata()) for its in (markers, line))
            assert drawn == pytest.approx(expected, rel=0.02)
        plt.close(figure)


N_SKILLS, POWER = 12, 0.8


class TestSkills:
    @pytest.fixture
    def skills(self, tmp_path) -> Skills:
        """Each is known at once when 20 / p^.8 steps are over; with few examples, some never are."""
        frequency = np.arange(1, N_SKILLS + 1) ** -1.5
        frequency /= frequency.sum()
        steps = np.unique(np.geomspace(1, 400, 120).round()).astype(int)
        steps = np.concatenate([[0], steps])
        most = {"all": N_SKILLS, "few": 2, "some": 4}
        rows = []
        for condition, n in most.items():
            known = (steps[:, None] >= 20 / frequency**POWER) & (np.arange(N_SKILLS) < n)
            for seed in SEEDS:
                about = {"condition": condition, "seed": seed, "split": "test"}
                for component in range(N_SKILLS):
                    rows.append(
                        pd.DataFrame(
                            {**about, "measure": "skill_loss", "component": component, "step": steps,
                             "value": 1.0 - known[:, component]}
                        )
                    )  # fmt: skip
                whole = {"asked_loss": (~known) @ frequency, "skills_known": known.sum(1)}
                for measure, values in whole.items():
                    its = pd.DataFrame(
                        {**about, "measure": measure, "step": steps, "value": values}
                    )
                    rows.append(its)
        task = {"name": "sparse_parities", "n_skills": N_SKILLS, "zipf": 1.5}
        settings = {
            name: {"task": {**task, "n_train": 100 * n}, "model": {}} for name, n in most.items()
        }
        settings["words"] = {"task": {"name": "stories"}, "model": {}}
        return Skills(study_of(tmp_path, settings, pd.concat(rows).assign(kind="size")))

    def test_which_conditions_have_them(self, skills):
        assert skills.conditions == ["all", "few", "some"]
        assert skills.frequencies("all").sum() == pytest.approx(1)

    def test_the_power_of_steps_until_a_skill_is_known(self, skills):
        assert skills.convergence("all").tolist() == pytest.approx([POWER] * 2, abs=0.03)
        assert np.isnan(skills.convergence("few")).all()  # of two skills, anything is a power

    def test_skills_fall_at_once_and_their_mean_does_not(self, skills):
        its = skills.sharpness().set_index(["condition", "seed"])["value"]
        assert its["all", 0] < 0.15
        assert skills.learnt().set_index(["condition", "seed"])["value"]["few", 0] == 2
        assert np.isnan(skills.sharpness_of_mean("few")).all()

    def test_powers_over_steps_are_called_by_their_condition(self, skills):
        rows = skills.along_steps(["all", "some"])
        assert set(rows["against"]) == {"steps", "steps, some"}
        its = rows.set_index(["against", "of", "seed"])["value"]
        assert its["steps", "measured", 0] > its["steps", "foreseen", 0] > 0

    def test_powers_over_conditions(self, skills):
        amounts = skills.amounts("task.n_train", "few", "some", "lost")
        assert amounts == {"few": 200, "some": 400}
        its = skills.across("examples", amounts, "all", 1.0).set_index(["of", "seed"])["value"]
        left = 1 - skills.frequencies("all").cumsum()
        expected = -np.log(left[3] / left[1]) / np.log(2)
        assert its["measured", 0] == pytest.approx(expected)
        assert its["foreseen", 0] == pytest.approx(expected)

    def test_curves_of_some_and_of_the_mean(self, skills):
        its = skills.curves(["all"], (1, 4))
        assert set(its["skill"]) == {"1", "4", MEAN}
        assert set(its["condition"]) == {"all"}
