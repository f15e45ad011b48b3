"""helpers.training: the rate of a training. What `GAN.fit` uses of it is tested in
test_gan."""

import math

import numpy as np
import pytest

from helpers import training


@pytest.mark.parametrize("steps", [2, 40, 1200])
def test_the_rate_rises_on_a_line_and_falls_on_a_cosine(steps):
    schedule, peak, rise = training.warm_cosine(2e-3, steps), 2e-3, max(1, steps // 20)
    for step in range(steps + 1):
        if step < rise:
            right = peak * (0.01 + 0.99 * step / rise)
        else:
            right = peak * (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2
        assert float(schedule(step)) == pytest.approx(right, abs=1e-9)
    assert max(float(schedule(step)) for step in range(steps + 1)) == pytest.approx(
        peak
    )


@pytest.mark.parametrize(
    ("rate", "steps", "word"),
    [
        (2e-3, 1, "steps"),
        (2e-3, 0, "steps"),
        (2e-3, 10.5, "steps"),
        (0.0, 100, "learning_rate"),
        (-1.0, 100, "learning_rate"),
        (np.nan, 100, "learning_rate"),
        (np.inf, 100, "learning_rate"),
    ],
)
def test_bad_settings_are_named(rate, steps, word):
    with pytest.raises(ValueError, match=word):
        training.warm_cosine(rate, steps)


def test_rise_and_floor_can_be_told():
    schedule = training.warm_cosine(2e-3, 400, rise=100, floor=0.05)
    assert float(schedule(50)) == pytest.approx(2e-3 * (0.01 + 0.99 / 2), abs=1e-9)
    assert float(schedule(250)) == pytest.approx(2e-3 * (0.05 + 0.95 / 2), abs=1e-9)
    assert float(schedule(400)) == pytest.approx(0.05 * 2e-3, abs=1e-9)
    for wrong, word in (
        ({"rise": 400}, "rise"),
        ({"rise": 0}, "rise"),
        ({"floor": 1.5}, "floor"),
        ({"floor": np.nan}, "floor"),
    ):
        with pytest.raises(ValueError, match=word):
            training.warm_cosine(2e-3, 400, **wrong)
