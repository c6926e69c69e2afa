"""That the other tests really run with shapes and types checked (see conftest.py)."""

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from onset.measures.residual.bridge_lens import rank_of
from onset.tasks.dataset import Split


def test_a_dataclass_refuses_a_wrong_shape():
    with pytest.raises(TypeCheckError, match="tokens"):
        Split(tokens=np.zeros(3, int), targets=np.zeros((3, 1), int), scored=(0,))


def test_shapes_have_to_agree_between_arguments():
    with pytest.raises(TypeCheckError):
        rank_of(torch.zeros(3, dtype=torch.long), torch.zeros(4, 5))


def test_torch_has_one_thread():
    assert torch.get_num_threads() == 1
