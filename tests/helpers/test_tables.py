"""A table says what its rows say, as HTML and as text."""

from __future__ import annotations

import numpy as np
import pytest
from bs4 import BeautifulSoup

from helpers import tables

ROWS = {"floor": [0.1949, 0.89, 5], "a < b": [(5.03, 0.456), None, np.int64(1200)]}
HEAD = ["Fréchet", "share", "time (s)"]
FORMATS = [".2f", ".0%", ".1f"]


def test_the_html_has_heads_for_columns_and_rows_and_every_number():
    made = tables.table(ROWS, HEAD, first="model", formats=FORMATS, caption="10 & 2")
    soup = BeautifulSoup(made._repr_html_(), "html.parser")
    read = [[c.get_text() for c in row(["th", "td"])] for row in soup("tr")]
    assert read == [
        ["model", "Fréchet", "share", "time (s)"],
        ["floor", "0.19", "89%", "5"],
        ["a < b", "5.03 ± 0.46", "–", "1,200"],
    ]
    assert soup.caption.get_text() == "10 & 2"
    assert [th["scope"] for th in soup("th")] == ["col"] * 4 + ["row"] * 2


def test_the_text_has_the_same_cells_in_columns():
    made = tables.table(ROWS, HEAD, formats=FORMATS)
    lines = repr(made).splitlines()
    assert len({len(line) for line in lines}) == 1  # all end where the numbers end
    assert [line.split() for line in lines[1:]] == [
        ["floor", "0.19", "89%", "5"],
        ["a", "<", "b", "5.03", "±", "0.46", "–", "1,200"],
    ]


def test_a_number_below_zero_has_a_minus_sign():
    assert tables.table({"a": [-1.5, -2]}, ["x", "y"]).rows == [["a", "−1.50", "−2"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": {}}, "rows must be a dict"),
        ({"rows": [1]}, "rows must be a dict"),
        ({"rows": {"a": 1}}, "'a' must be a list"),
        ({"rows": {"a": [1]}}, "'a' has 1 cells"),
        ({"rows": {"a" * 33: [1, 2, 3]}}, "at most 32"),
        ({"rows": {"a": [1, 2, object()]}}, "'a' must be a number"),
        ({"head": "abc"}, "head must be a list"),
        ({"head": []}, "head must be a list"),
        ({"formats": [".2f"]}, "one for each of the 3"),
        ({"formats": ".2q"}, "format like"),
        ({"first": 3}, "first must be a string"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(given, said):
    with pytest.raises((TypeError, ValueError), match=said):
        tables.table(**{"rows": ROWS, "head": HEAD, **given})


def test_mean_and_spread_are_numpys():
    values = np.random.default_rng(0).normal(3, 2, 7)
    assert tables.spread(values) == pytest.approx((values.mean(), values.std(ddof=1)))
    assert tables.spread([2]) == 2


@pytest.mark.parametrize("values", [[], "ab", 3, [None]])
def test_a_spread_of_nothing_is_said(values):
    with pytest.raises(ValueError, match="values must be a list of numbers"):
        tables.spread(values)
