"""Features of known shapes, and how they are told apart in states and in dictionaries."""

import numpy as np
import pytest
import torch

from onset.analyses.dictionaries.told_geometry import analyse
from onset.models.dictionary.model import build
from onset.models.dictionary.settings import Settings as Dictionaries
from onset.tasks.geometry import IRREDUCIBLE, SHAPES, Settings, generate

ROOMY = Settings(name="geometry", n_each=2, n_dimensions=32, active=0.4, noise=0.0, n_test=8192)
SMALL_WORLDS = [{"n_each": 2, "n_dimensions": 8, "active": 2.0, "n_test": 256}]
WORLD = generate(ROOMY, seed=1)


def of_shape(shape: str) -> np.ndarray:
    """Coordinates of the first feature of a shape where it is there."""
    feature = np.flatnonzero(WORLD.truth["shapes"] == SHAPES.index(shape))[0]
    coordinates = WORLD.splits["test"].truth["coordinates"][:, feature]
    return coordinates[coordinates.any(1)]


def test_axes_are_orthonormal_and_inputs_are_what_coordinates_say():
    planes = WORLD.truth["planes"]
    np.testing.assert_allclose(
        planes @ planes.mT, np.broadcast_to(np.eye(2), (len(planes), 2, 2)), atol=1e-5
    )
    split = WORLD.splits["test"]
    said = np.einsum("nfa,fad->nd", split.truth["coordinates"], planes)
    np.testing.assert_allclose(split.inputs, said, atol=1e-5)


def test_each_shape_is_what_it_is_called():
    assert (of_shape("line")[:, 1] == 0).all()
    assert (of_shape("pair") >= 0.5).all()
    assert ((of_shape("either") != 0).sum(1) == 1).all()
    radii = np.linalg.norm(of_shape("circle"), axis=1)
    assert radii.min() >= 0.9 and radii.max() <= 1.1  # noqa: PT018


def test_as_many_features_are_there_as_are_said():
    there = WORLD.splits["test"].truth["coordinates"].any(2)
    assert there.sum(1).mean() == pytest.approx(ROOMY.active, rel=0.1)


def test_batches_are_of_the_same_world():
    drawn = WORLD.streams["train"](64, np.random.default_rng(0))
    said = np.einsum("nfa,fad->nd", drawn.truth["coordinates"], WORLD.truth["planes"])
    np.testing.assert_allclose(drawn.inputs, said, atol=1e-5)


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """Of a dictionary whose latents are the axes of all planes, both ways, as circles need."""
    planes = torch.from_numpy(WORLD.truth["planes"]).flatten(0, 1)
    directions = torch.cat([planes, -planes])
    model = build(
        Dictionaries(name="dictionary", kind="l1", n_latents=len(directions), sparsities=(1.0,)),
        ROOMY.n_dimensions,
        ROOMY.n_dimensions,
    )
    # The pseudo-inverse reads each coordinate alone.
    encoder = torch.linalg.pinv(planes)
    parameters = {
        "decoder.weight": directions[None],
        "decoder.bias": torch.zeros(1, ROOMY.n_dimensions),
        "encoder.weight": torch.cat([encoder, -encoder], 1)[None],
        "encoder.bias": torch.full((1, len(directions)), -1e-3),
    }
    return {its.measure: its.value for its in analyse(model, parameters, WORLD, seed=0)}


def test_circles_are_told_apart_in_their_true_planes(found):
    assert found["told_apart"] == 1
    assert found["separability_circle"] > 5 * found["separability_pair"]
    assert found["mixture_either"] > found["mixture_circle"]


def test_latents_at_right_angles_are_grouped_by_activity_and_not_by_direction(found):
    assert found["latents_circle"] == 4
    assert found["circles_by_together"] == 1
    assert found["circles_by_alike"] == 0
    assert found["circles_by_random"] < 1


def test_the_irreducible_shape_is_the_circle():
    assert SHAPES[IRREDUCIBLE] == "circle"
