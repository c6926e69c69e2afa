"""Claims beside sentences: how they are put, and whether they hold."""

from __future__ import annotations

import math

import pytest

from onset.statistics.claims import Claim, ClaimError, Value, failures, value_of
from onset.statistics.means import Mean, Means

MEANS = Means(
    {
        f"{condition}/{split}/{quantity}": Mean(
            condition, split, quantity, "share", 2, 3, mean, low, high
        )
        for condition, split, quantity, mean, low, high in [
            ("tied", "ood", "accuracy", 0.95, 0.9, 0.98),
            ("untied", "ood", "accuracy", 0.05, 0.02, 0.2),
            ("pairs:tied:untied", "ood", "cosine", 0.5, 0.4, 0.6),
            ("tied", "", "margin", -0.5, -0.7, -0.3),
            ("alone", "ood", "accuracy", 0.5, math.nan, math.nan),
        ]
    }
)
NUMBERS = {
    "share of waves, held out": "0.9",
    "half": "617 [560, 690]",
    "share": r"31\,\%",
    "when": "not in every seed",
}


def said_of(*claims: str) -> list[str]:
    return list(failures(claims, NUMBERS, MEANS, "alias"))


@pytest.mark.parametrize(
    "claim",
    [
        "untied/ood/accuracy < 0.1",
        "alone/ood/accuracy:low > 0.6",  # of one seed: there is no interval to be judged
        "tied/ood/accuracy:low >= 0.9",
        "tied/ood/accuracy:low <= 0.9",
        "untied/ood/accuracy:high < tied/ood/accuracy:low",
        "0.8 < tied/ood/accuracy - untied/ood/accuracy < 1",
        "1 >= tied/ood/accuracy + untied/ood/accuracy > .9",
        "tied/ood/accuracy > 3 * untied/ood/accuracy:high",
        "0.1 < 1 - 2 * untied/ood/accuracy - 0.7",
        "tied//margin:high < -0.2",
        "pairs:tied:untied/ood/cosine:low >= 0.4",
        "pairs:tied:untied/ood/cosine >= 5e-1",
        "560 <= half:low < half",
        "1 - share of waves, held out < 0.2",
        "0.3 < share < 0.32",
        "alone/ood/accuracy >= 0.5",
    ],
)
def test_these_hold(claim):
    assert said_of(claim) == []


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        ("untied/ood/accuracy:high < 0.1", "0.2 < 0.1"),
        ("0.5 <  tied/ood/accuracy < 0.6", "0.5 < 0.95 < 0.6"),
        ("tied/ood/accuracy > 20 * untied/ood/accuracy", "0.95 > 1"),
        ("tied//margin - -0.5 < 0", "0 < 0"),
        ("when < 500", "unknown < 500; when is 'not in every seed'"),
    ],
)
def test_one_that_doesnt_is_named_with_what_was_found(claim, found):
    assert said_of(claim, "half > 600") == [f"{' '.join(claim.split())} (found: {found})"]


@pytest.mark.parametrize(
    "claim",
    [
        "",
        "half",
        "half<600",
        "half = 617",
        "1 < half < 2 < 3",
        "half <",
        "half + < 3",
        "- half < 3",
        "half * * 2 < 400",
        "__import__('os') and 1",
    ],
)
def test_what_is_no_claim_is_refused(claim):
    with pytest.raises(ClaimError, match=r"a claim has|a side of a claim"):
        Claim.of(claim)


def test_its_names_are_known_before_there_are_numbers():
    claim = Claim.of("0 < tied/ood/accuracy:low - 2 * untied//margin < half:high + half")
    assert claim.names == ["tied/ood/accuracy", "untied//margin", "half"]


def test_a_name_that_isnt_there_is_told_with_its_like():
    with pytest.raises(ClaimError, match=r"alias has no number 'tied/ood/accurcy'.*accuracy"):
        said_of("tied/ood/accurcy > 0")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("617 [560, 690]", (617, 560, 690)),
        ("−0.2 [−0.3, −0.1]", (-0.2, -0.3, -0.1)),
        ("120 (90 to 150)", (120, 90, 150)),
        ("100–200", (150, 100, 200)),
        ("1770 [1550, > 3000] (median; 2 of 3 runs by step 3000)", (1770, 1550, math.inf)),
        ("0.5 [−∞, 3]", (0.5, -math.inf, 3)),
        ("0.31 [< 0.1, 0.4] (2 of 3 runs)", (0.31, -math.inf, 0.4)),
        ("in no seed", None),
        ("nowhere", None),
    ],
)
def test_numbers_are_read_as_they_are_typeset(text, value):
    assert value_of(text) == (value and Value(*value))


@pytest.mark.parametrize(
    ("text", "mean"),
    [("0.31", 0.31), (r"17\,768", 17768), (r"50\,\%", 0.5), ("1.2e-05", 1.2e-5), ("3 of 5", 0.6)],
)
def test_a_number_without_interval_has_no_ends(text, mean):
    found = value_of(text)
    assert found.mean == pytest.approx(mean)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("> 64", (64, math.inf)),
        ("> 3000 (1 of 3 runs by then)", (3000, math.inf)),
    ],
)
def test_of_bounds_alone_there_is_no_mean(text, ends):
    found = value_of(text)
    assert math.isnan(found.mean)
    assert found[1:] == ends
