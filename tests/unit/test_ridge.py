"""Ridge regression against scikit-learn's, and what its strength is in parts of."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import Ridge

from onset.statistics.ridge import ridge


def test_weights_are_those_of_ridge_regression_and_do_not_depend_on_units() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal((40, 3))
    weights = ridge(x, y, 0.1)
    alpha = 0.1 * np.square(x).sum(0).mean()
    np.testing.assert_allclose(weights, Ridge(alpha, fit_intercept=False).fit(x, y).coef_.T)
    np.testing.assert_allclose(1000 * ridge(1000 * x, y, 0.1), weights)
    np.testing.assert_allclose(ridge(np.tile(x, (3, 1)), np.tile(y, (3, 1)), 0.1), weights)
