"""Whether ours agrees with what is published: by a border that stands in the config."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from onset.config.published import PublishedSettings
from onset.statistics.agreement import agrees
from onset.statistics.seeds import Summary

SAID = {"quantity": "accuracy", "published": ".9", "source": "Somebody 2024, table 1"}


@pytest.mark.parametrize(
    ("rule", "allowed", "border"),
    [
        ({"value": 0.9, "within": 0.1}, (pytest.approx(0.8), pytest.approx(1.0)), "within 0.1"),
        ({"value": 100, "factor": 2}, (50, 200), "factor 2"),
        ({"above": 0.5}, (0.5, None), "above 0.5"),
        ({"value": 0.0, "below": 0.1}, (None, 0.1), "below 0.1"),
        ({"above": 0.5, "below": 0.7}, (0.5, 0.7), "0.5 to 0.7"),
    ],
)
def test_where_ours_agrees(rule, allowed, border):
    its = PublishedSettings(**SAID, **rule)
    assert its.range == allowed
    assert its.told["allowed"] == list(allowed)
    assert its.told["border"] == its.border == border


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({}, "when does ours agree"),
        ({"value": 0.9}, "when does ours agree"),
        ({"value": 0.9, "within": 0.1, "factor": 2}, "when does ours agree"),
        ({"value": 0.9, "within": 0.1, "above": 0.5}, "when does ours agree"),
        ({"within": 0.1}, "within of which value"),
        ({"value": -1, "factor": 2}, "above 0, not -1"),
        ({"above": 0.7, "below": 0.5}, "nothing is above 0.7 and below 0.5"),
    ],
)
def test_a_rule_that_decides_nothing_is_refused(rule, says):
    with pytest.raises(ValidationError, match=says):
        PublishedSettings(**SAID, **rule)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.85, 0.95, True),
        (0.8, 1.0, True),
        (0.3, 0.79, False),
        (1.01, 1.2, False),
        (0.79, 0.95, None),
        (0.0, 2.0, None),  # it holds the number, and says nothing
        (math.nan, math.nan, None),
    ],
)
def test_an_interval_agrees_disagrees_or_is_too_wide(low, high, said):
    assert agrees(Summary(0.9, low, high), 0.8, 1.0) is said


def test_without_an_end_all_beyond_is_allowed():
    assert agrees(Summary(5, 4, 6), 0.5, None) is True
    assert agrees(Summary(5, 4, 6), None, 0.5) is False


class TestShipped:
    """Those of Onset's own studies."""

    ROOT = Path(__file__).parents[2]
    ROWS = {
        (path.stem, name): PublishedSettings(**row)
        for path in sorted((ROOT / "config/studies").glob("*.yaml"))
        for name, row in yaml.safe_load(path.read_text("utf-8")).get("reference", {}).items()
    }

    def test_there_are_a_hundred_numbers_and_some_in_every_study(self):
        numbers = Counter(study for (study, _), row in self.ROWS.items() if row.value is not None)
        listed = yaml.safe_load((self.ROOT / "config/config.yaml").read_text("utf-8"))["studies"]
        nobodys = {"annealing", "simplest"}  # nothing published is about their questions
        assert numbers.keys() & {*listed} == {*listed} - nobodys
        assert numbers.total() >= 100

    @pytest.mark.parametrize("row", ROWS)
    def test_every_number_stands_in_what_is_published(self, row):
        its = self.ROWS[row]
        assert its.value is None or said_in(its.published, its.value)

    def test_every_quantity_is_said_in_full_since_rows_are_sorted(self):
        assert not [row for row, its in self.ROWS.items() if "the same" in its.quantity.lower()[:9]]

    @pytest.mark.parametrize("row", ROWS)
    def test_every_border_can_be_on_either_side_of_ours(self, row):
        low, high = self.ROWS[row].range
        assert (low, high) != (None, None)
        inside = high - 1e-9 if low is None else low + 1e-9
        outside = high + 1 if low is None else low - 1
        assert agrees(Summary(inside, inside, inside), low, high) is True
        assert agrees(Summary(outside, outside, outside), low, high) is False

    @pytest.mark.parametrize("row", ROWS)
    def test_every_source_is_in_the_bibliography(self, row):
        source = self.ROWS[row].source
        bibliography = (self.ROOT / "paper/references.bib").read_text("utf-8")
        (its,) = re.findall(r"arXiv:\d{4}\.\d{5}", source) or re.findall(r'"(.*?)"', source)
        assert its in bibliography


def said_in(text: str, value: float) -> bool:
    """Whether a number stands in a text, as itself, in per cent, or between the two ends of a range."""
    number = r"[+−-]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:e-?\d+)?"
    as_float = lambda said: float(said.replace(",", "").replace("−", "-"))  # noqa: E731
    found = [as_float(said) for said in re.findall(number, text)]
    found += [as_float(said) / 100 for said in re.findall(rf"({number}) %", text)]
    ranges = re.findall(rf"({number})–({number})", text)
    return any(math.isclose(its, value, rel_tol=1e-9) for its in found) or any(
        as_float(low) < value < as_float(high) for low, high in ranges
    )


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("about 10,000 epochs", 10000, True),
        ("9.2 %", 0.092, True),
        (".846 (433 of 512)", 0.846, True),
        ("−.0131", -0.0131, True),
        ("3.3e-8 (sd 1.1e-8)", 3.3e-8, True),
        ("3–4, four seeds", 3.5, True),
        ("3–4, four seeds", 4.5, False),
        ("about 50", 0.092, False),
        ("at chance", 0.0, False),
    ],
)
def test_numbers_are_found_in_texts(text, value, said):
    assert said_in(text, value) is said
