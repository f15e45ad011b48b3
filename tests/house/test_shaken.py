"""What the proof of the chapters does to gradients: as much as a graphics card may.

Whether the chapters bear it is proven by `tools.prove_notebooks`, which runs them so.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from book.identity import ROOT
from tools import prove_notebooks

STEP = """
import json, keras, numpy as np
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((50,)), keras.layers.Dense(40)])
model.compile(keras.optimizers.SGD(1.0), "mse")
rows = np.random.default_rng(0).standard_normal((64, 50)).astype("float32")
start = model.get_weights()[0]
model.fit(rows, rows[:, :40], batch_size=64, epochs=1, shuffle=False, verbose=0)
print(json.dumps([(start - model.get_weights()[0]).tolist(), float(keras.random.normal(()))]))
"""


def gradient(part):
    """Return a step's gradient, and the next random number, in a fresh process."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "tools" / "offline"),
        "BOOK_SHAKEN": part,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    run = subprocess.run(
        [sys.executable, "-c", STEP], env=environment, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.slow
def test_gradients_are_shaken_and_random_numbers_are_not():
    (exact, number), (same, again) = gradient("0"), gradient("")
    assert exact == same
    shaken, after = gradient("1e-2")
    assert number == again == after
    off = (np.array(shaken) / exact - 1).ravel()
    assert 0.008 < off.std() < 0.012 and abs(off.mean()) < 0.001


def test_the_proof_shakes_by_what_a_card_may_round(tmp_path):
    assert prove_notebooks.environment(tmp_path, tmp_path)["BOOK_SHAKEN"] == "1e-7"
