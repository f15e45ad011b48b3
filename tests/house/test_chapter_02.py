"""Chapter 02's checks: right answers in any coat pass, and each message tells the
truth."""

import math
import re

import numpy as np
import pytest
import tensorflow as tf

from helpers.exercises import grade

RIGHT = {
    "a list": [np.log(2) / 2, 1],
    "an array": np.array([0.34657, 1.0]),
    "tensors": (tf.math.log(2.0) / 2, tf.constant(1.0)),
}


@pytest.mark.parametrize("coat", RIGHT)
def test_the_pair_of_02_2_may_come_in_any_coat(coat):
    assert grade("02.2", RIGHT[coat]).status == "right"


@pytest.mark.parametrize(
    "pair", [(np.inf, 1.0), (-0.3466, 1.0), (0.3466, -1.0), ("0.3466", 1)]
)
def test_an_impossible_pair_is_told_apart_from_a_wrong_one(pair):
    usual = grade("02.2", (0.2, 1.0)).message
    assert grade("02.2", pair).message != usual


def test_a_function_of_02_3_may_change_its_arrays():
    def answer(p, q, share):
        p *= share
        q *= 1 - share
        return p / (p + q)

    assert grade("02.3", answer).status == "right"


def test_a_function_of_02_3_for_numbers_hears_that_it_is_given_arrays():
    def answer(p, q, share):
        return math.fsum([share * p]) / (share * p + (1 - share) * q)

    verdict = grade("02.3", answer)
    assert verdict.status == "wrong"
    assert "a density for each place" in verdict.message


def test_a_function_of_02_3_with_too_few_arguments_hears_only_that():
    assert "place" not in grade("02.3", lambda p, q: p / (p + q)).message


def test_the_number_that_02_4_asks_for_passes():
    """The message's target, given back for those logits, must get past the first
    test."""
    said = grade("02.4", lambda logits: 0.123).message
    target = float(re.search(r"should be ([\d.]+);", said)[1])
    logits = np.array([-3.0, -1.0, 0.5, 2.0])
    assert target == pytest.approx(np.logaddexp(0, -logits).mean(), abs=1e-4)
    assert "-1000" in grade("02.4", lambda logits: target).message


@pytest.mark.parametrize(
    "loss",
    [
        lambda logits: tf.keras.losses.BinaryCrossentropy(from_logits=True)(
            tf.ones_like(logits), logits
        ),
        lambda logits: np.logaddexp(0, -logits.numpy().astype("float64")).mean(),
    ],
)
def test_other_ways_to_the_loss_of_02_4_are_right(loss):
    assert grade("02.4", loss).status == "right"


def test_a_critic_s_loss_in_02_4_is_sent_to_the_sigmoid():
    message = grade("02.4", lambda logits: -tf.reduce_mean(logits)).message
    assert "critic" in message and "sigmoid" in message


def optimistic(x, y, old_x, old_y, rate):
    return x - rate * (2 * y - old_y), y + rate * (2 * x - old_x)


def test_the_point_that_02_5_asks_for_is_the_formula_s():
    said = grade("02.5", lambda *_: (9.0, 9.0)).message
    x, y, u, v, rate, new_x, new_y, *_ = map(float, re.findall(r"-?\d+\.\d+", said))
    assert (new_x, new_y) == pytest.approx(optimistic(x, y, u, v, rate), abs=0.006)


@pytest.mark.parametrize("coat", [list, np.array, tf.constant, tuple])
def test_the_point_of_02_5_may_come_in_any_coat(coat):
    assert grade("02.5", lambda *given: coat(optimistic(*given))).status == "right"


@pytest.mark.parametrize("shape", [(2, 1), (1, 2), (2, 1, 1)])
def test_a_point_of_another_shape_in_02_5_hears_its_shape(shape):
    verdict = grade("02.5", lambda *given: np.reshape(optimistic(*given), shape))
    assert verdict.status == "wrong"
    assert str(shape) in verdict.message


def test_a_step_of_02_5_that_goes_astray_later_gets_a_sentence():
    def answer(x, y, old_x, old_y, rate):
        if (old_x, old_y) == (1.0, 0.0):
            return math.inf, 0.0
        return optimistic(x, y, old_x, old_y, rate)

    assert "infinity" in grade("02.5", answer).message


def test_a_step_of_02_5_that_stands_still_at_the_start_hears_where_it_ends():
    def answer(x, y, old_x, old_y, rate):
        same = (x, y) == (old_x, old_y)
        return (x, y) if same else optimistic(x, y, old_x, old_y, rate)

    assert "500 of them end at radius 1.00" in grade("02.5", answer).message


def test_a_pair_that_holds_no_number_hears_so():
    assert "holds a NaN" in grade("02.2", (math.nan, 1.0)).message
    assert "Give a pair" in grade("02.2", ([1], [1, 2])).message
