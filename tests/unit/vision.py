"""What colours look like to those who see fewer, and in grey, and how far apart they are then."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.colors import to_rgb

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision
# deficiency", severity 1.0, on linear red, green and blue. Grey: the luminance of sRGB (IEC 61966-2-1).
_LUMINANCE = (0.2126, 0.7152, 0.0722)
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": np.array([
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopes": np.array([
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopes": np.array([
        [1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900],
    ]),
    "a printer": np.array([_LUMINANCE] * 3),
}  # fmt: skip

_TO_XYZ = np.array([
    [0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505],
])  # fmt: skip

# Stone, Szafir and Setlur 2014, "An engineering model for color difference as a function of size",
# equation 4: what half of all people notice along L*, a* and b*, for marks that are so many degrees wide.
_DEGREES = 1 / 6  # a marker of 4 points, or 1.4 mm, from half a metre
_NOTICED = 0.5 * np.array(
    [10.16 + 1.50 / _DEGREES, 10.68 + 3.08 / _DEGREES, 10.70 + 5.74 / _DEGREES]
)


def lab(colours: Sequence[str], seen_by: str) -> np.ndarray:
    """L*, a*, b* (CIE 1976, white is D65) of colours as somebody sees them. Shape (colours, 3)."""
    rgb = np.array([to_rgb(colour) for colour in colours])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ SEEN_BY[seen_by].T, 0, 1)
    xyz = seen @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def least_difference(colours: Sequence[str], seen_by: str) -> float:
    """Of the two that are most alike, in differences that half of all people just notice."""
    places = lab(colours, seen_by) / _NOTICED
    return min(float(np.linalg.norm(one - other)) for one, other in combinations(places, 2))
