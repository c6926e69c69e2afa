"""Sums digit by digit: answers by arithmetic, carries by hand, held-out questions in no stream."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from onset.tasks.column_sums import cascading, random_operands, worked
from onset.tasks.dataset import Dataset, Split, TaskSettings
from onset.tasks.digit_addition import CARRIES, EQUALS, Settings, generate, streams
from onset.training.batches import draw

SMALL = {"n_digits": 3, "n_train": 64, "n_test": 32}
SMALL_WORLDS = [
    SMALL,
    {"n_digits": 2, "n_train": 200, "n_test": 100},
    {**SMALL, "order": "little_endian", "carry_row": "given"},
    {**SMALL, "order": "shuffled", "carry_out": False, "carries": "neighbour"},
    {**SMALL, "carried_into": [2], "overflow": 0.1, "untrained": [0, 3]},
]
"""that no two splits share an example of; measures are tried on the first"""


def settings(**changes) -> Settings:
    told = {"name": "digit_addition", "n_digits": 5, "n_train": 300, "n_test": 200, **changes}
    return Settings.model_validate(told, strict=False)


USUAL = settings()
ORDERS = pytest.mark.parametrize("order", ["big_endian", "little_endian", "shuffled"])


def number(digits: np.ndarray) -> np.ndarray:
    """Digits, highest first, as whole numbers."""
    return digits @ 10 ** np.arange(digits.shape[1])[::-1]


def answers(split: Split) -> np.ndarray:
    """Right answers by column, from the ones."""
    columns = [name for name in split.truth if name.startswith("place_")]
    places = [split.truth[name][0] for name in columns]
    return split.targets[:, places]


def operands(split: Split, n: int) -> tuple[np.ndarray, np.ndarray]:
    return split.tokens[:, :n], split.tokens[:, n + 1 : 2 * n + 1]


@pytest.mark.parametrize("world", SMALL_WORLDS)
def test_the_settings_tell_of_the_dataset(world):
    its = settings(**world)
    dataset = generate(its, seed=0)
    assert isinstance(its, TaskSettings)
    assert tuple(dataset.splits) == its.splits
    assert (dataset.n_tokens, dataset.length) == (its.n_tokens, its.length)
    assert set(its.trained) == {"train", *dataset.streams}
    for split in dataset.splits.values():
        assert tuple(split.truth) == its.truth
        assert split.scored == tuple(range(its.asked_at, its.length))


@ORDERS
def test_answers_are_sums(order):
    dataset = generate(settings(order=order), seed=3)
    for split in dataset.splits.values():
        one, other = map(number, operands(split, 5))
        assert (number(answers(split)[:, ::-1]) == one + other).all()


@ORDERS
def test_every_digit_but_the_last_is_in_view_of_the_next(order):
    split = generate(settings(order=order), seed=3).splits["train"]
    first = split.scored[0]
    assert set(split.tokens[:, first].tolist()) == {EQUALS}
    assert (split.tokens[:, first + 1 :] == split.targets[:, :-1]).all()


def test_the_order_is_a_seeds_own():
    def places(order: str, seed: int) -> list[int]:
        truth = generate(settings(order=order), seed).splits["test"].truth
        return [truth[f"place_{k}"][0] for k in range(6)]

    assert places("big_endian", 0) == [5, 4, 3, 2, 1, 0]
    assert places("little_endian", 0) == [0, 1, 2, 3, 4, 5]
    assert len({tuple(places("shuffled", seed)) for seed in range(4)}) > 1
    assert places("shuffled", 1) == places("shuffled", 1)


class TestWorked:
    """77 + 28: the ones overflow, and the tens do because they sum to nine and are carried into."""

    NINETY = np.array([[7, 7, 2, 8], [7, 1, 2, 8], [7, 1, 9, 8]])

    def test_chained(self):
        its = worked(self.NINETY, adding=range(2), chained=True)
        assert its.digits.tolist() == [[5, 0, 1], [9, 9, 0], [9, 6, 1]]
        assert its.carries.tolist() == [[0, 1, 1], [0, 0, 0], [0, 0, 1]]
        assert its.depths.tolist() == [[0, 1, 2], [0, 1, 2], [0, 1, 1]]

    def test_from_the_neighbour_alone(self):
        its = worked(self.NINETY, adding=range(2), chained=False)
        # The tens overflow by themselves in the last question, and are carried into its ones.
        assert its.carries.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 1]]
        assert its.digits.tolist() == [[5, 0, 0], [9, 9, 0], [0, 6, 1]]
        assert (its.depths == 1).all()

    def test_what_is_not_added_overflows_nothing(self):
        its = worked(self.NINETY, adding=(), chained=True)
        assert its.carries.tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
        assert its.digits.tolist() == [[5, 9, 0], [9, 9, 0], [9, 6, 1]]
        assert its.depths.tolist() == [[0, 0, 1]] * 3

    def test_the_depth_says_how_far_to_look(self):
        """Of numbers that agree in as many columns as the depth says, the carry is the same."""
        rng = np.random.default_rng(0)
        its = random_operands(4000, 4, 0.45, rng)
        its[:, 1:4] = np.where(rng.random((4000, 3)) < 0.6, 9 - its[:, 5:8], its[:, 1:4])
        found = worked(its, range(4), chained=True)
        seen = set()
        for column in range(1, 5):
            for depth in range(1, column + 1):
                mine = found.depths[:, column] == depth
                below = its.copy()
                kept = 4 - column + depth  # digits from the top that may not change
                below[:, kept:4] = below[:, 4 + kept :] = 9
                again = worked(below, range(4), chained=True).carries[:, column]
                assert (found.carries[mine, column] == again[mine]).all()
                seen |= {(column, depth)} if mine.any() else set()
        assert len(seen) == 10


def test_cascades_run_through_two_nines_or_more():
    rng = np.random.default_rng(0)
    its = cascading(random_operands(300, 5, 0.45, rng), rng)
    assert its.min() >= 0
    assert its.max() <= 9
    found = worked(its, range(5), chained=True)
    through = ((found.depths >= 3) & (found.carries == 1)).any(1)
    assert through.all()
    assert set(found.depths.max(1).tolist()) == {3, 4, 5}


@pytest.mark.parametrize("overflow", [0.0, 0.05, 0.45, 1.0])
def test_as_many_columns_overflow_as_are_asked_for(overflow):
    its = random_operands(4000, 5, overflow, np.random.default_rng(1))
    sums = its[:, :5] + its[:, 5:]
    assert (sums >= 10).mean() == pytest.approx(overflow, abs=0.02)


@pytest.mark.parametrize("changes", [{}, {"carries": "neighbour"}, {"carried_into": [4]}])
def test_digits_are_uniform_whatever_is_carried(changes):
    split = generate(settings(n_train=20_000, **changes), seed=0).splits["train"]
    for digit in answers(split).T[:5]:
        shares = np.bincount(digit, minlength=10) / len(digit)
        assert shares == pytest.approx(np.full(10, 0.1), abs=0.012)


def test_a_row_of_carries():
    given = generate(settings(carry_row="given"), seed=0).splits["test"]
    for k in range(5):
        assert (given.tokens[:, 11 + 4 - k] == given.truth[f"carry_{k}"]).all()
    null = generate(settings(carry_row="of_another"), seed=0).splits["test"]
    right = np.stack([null.truth[f"carry_{k}"] for k in range(4, -1, -1)], 1)
    assert 0.4 < (null.tokens[:, 11:15] == right[:, :4]).mean() < 0.6
    assert (null.tokens[:, 11:16] == np.roll(right, 1, 0)).all()


class TestStreams:
    def drawn(self, dataset: Dataset, stream: str, n: int = 64) -> tuple[np.ndarray, np.ndarray]:
        batch = draw(dataset, {stream: n}, seed=1, step=3)
        return batch.questions[0].tokens, batch.targets.numpy().reshape(n, -1)

    def test_no_question_is_held_out(self):
        world = settings(n_digits=2, n_train=8, n_test=100)
        dataset = generate(world, seed=0)
        held_out = {
            tuple(row)
            for name, split in dataset.splits.items()
            if name != "train"
            for row in split.tokens[:, :5].tolist()
        }
        for stream in dataset.streams:
            tokens, _ = self.drawn(dataset, stream, 1500)
            assert not held_out & {tuple(row) for row in tokens[:, :5].tolist()}

    def test_the_same_questions_ask_for_carries(self):
        dataset = generate(USUAL, seed=0)
        (sums, _), (carries, said) = (self.drawn(dataset, name) for name in ("fresh", "carries"))
        assert (sums[:, :11] == carries[:, :11]).all()
        assert (carries[:, 11] == CARRIES).all()
        its = worked(np.delete(carries[:, :11], 5, 1), range(5), chained=True)
        assert (said == its.carries[:, ::-1]).all()

    def test_carries_of_another_question_tell_nothing(self):
        own, null = (
            self.drawn(generate(settings(asked_carries=its), seed=0), "carries")[1]
            for its in ("true", "of_another")
        )
        assert (null == np.roll(own, 1, 0)).all()

    def test_what_is_not_trained_is_not_scored(self):
        dataset = generate(settings(untrained=[0, 4]), seed=0)
        whole, partly = (draw(dataset, {name: 8}, seed=1, step=3) for name in ("fresh", "partly"))
        assert (whole.questions[0].tokens == partly.questions[0].tokens).all()
        assert partly.questions[0].scored == (
            11,
            13,
            14,
            15,
        )  # the second is 10⁴, the last the ones
        expected = whole.targets.view(8, 6)[:, [0, 2, 3, 4]]
        assert (partly.targets.view(8, 4) == expected).all()

    def test_they_are_made_of_what_is_stored(self):
        """Of a shuffled answer the order too, which is the seed's own."""
        world = settings(order="shuffled", untrained=[1])
        dataset = generate(world, seed=5)
        stored = Dataset.from_arrays(*dataset.to_arrays())
        for name, stream in streams(world, stored).items():
            rngs = [np.random.Generator(np.random.Philox(2)) for _ in range(2)]
            one, other = stream(6, rngs[0]), dataset.streams[name](6, rngs[1])
            assert (one.tokens == other.tokens).all()
            assert one.scored == other.scored


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"carried_into": [5]}, "carried_into: there is no column 5"),
        ({"untrained": [5], "carry_out": False}, "untrained: there is no column 5"),
        ({"untrained": [0, 1, 2, 3, 4, 5]}, "a column at least"),
        ({"n_digits": 2, "n_train": 900, "n_test": 100}, "often drawn, and 1,300 are wanted"),
        ({"n_digits": 2, "n_train": 8, "n_test": 120}, "450 cascades, and 240 are wanted"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, said):
    with pytest.raises(ValidationError, match=said):
        settings(**changes)
