"""helpers._quiet: TensorFlow starts without a word, and Keras on TensorFlow alone.

Each test is a fresh process, for what is imported once cannot be imported anew.
"""

import json
import os
import subprocess
import sys

import pytest

from helpers import _quiet

SAYS = "this book needs TensorFlow: set the environment variable KERAS_BACKEND to"


def run(code, **environment):
    """Run `code` in a process that has no settings of TensorFlow, Keras or the book."""
    known = ("TF_", "BOOK_", "KERAS_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(known)}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_tensorflow_starts_and_computes_without_a_word():
    """Nothing reaches standard error, and both clocks of C++ are awake."""
    done = run(
        "from helpers import runtime\n"
        "import tensorflow as tf\n"
        "runtime.start()\n"
        "tf.function(lambda x: x @ x, jit_compile=True)(tf.ones((8, 8)))\n"
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("Profile: quick")


def test_keras_that_comes_first_starts_without_a_word():
    done = run("import helpers, keras; print(keras.backend.backend())")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "tensorflow\n")


BROKEN = """
import os, sys
class Broken:
    def find_spec(self, name, *rest):
        if name == 'tensorflow.python':
            os.write(2, b'from C++: library lost\\n')
            raise ImportError('no tensorflow')
sys.meta_path.insert(0, Broken())
import helpers
import tensorflow
"""


def test_a_broken_tensorflow_is_not_silenced():
    """If the import fails, what C++ and Python said is shown."""
    done = run(BROKEN)
    assert done.returncode != 0
    assert "from C++: library lost" in done.stderr
    assert "no tensorflow" in done.stderr


def test_standard_error_works_again_after_import():
    for what in ("helpers", "helpers, tensorflow"):
        done = run(f"import os, {what}; os.write(2, b'still here')")
        assert done.stderr == "still here"


def test_without_a_standard_error_nothing_breaks():
    done = run("import sys; sys.stderr = None; import helpers, tensorflow; print(1)")
    assert (done.returncode, done.stdout) == (0, "1\n")


def test_importing_the_helpers_imports_neither():
    """Small modules cost nothing: no TensorFlow, no Keras, one watch."""
    done = run(
        "import sys\n"
        "from helpers import _quiet, runtime, exercises, images\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
        "_quiet.watch(); _quiet.watch()\n"
        "assert sum(type(f).__name__ == '_Watch' for f in sys.meta_path) == 1\n"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", ["jax", "torch", "nonsense"])
def test_another_backend_is_told_when_keras_is_imported(backend):
    done = run("from helpers import runtime\nimport keras", KERAS_BACKEND=backend)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"RuntimeError: Keras is to run on '{backend}', but")
    assert SAYS in last and "ModuleNotFoundError" not in done.stderr


@pytest.mark.parametrize(
    "code",
    [
        "from helpers import networks",
        "import tensorflow\nfrom helpers import runtime\nimport keras",
        "from helpers import runtime\nimport tensorflow\nimport keras",
        "from helpers import runtime\nruntime.start()",
    ],
)
def test_another_backend_is_told_whatever_comes_first(code):
    done = run(code, KERAS_BACKEND="jax")
    assert done.returncode != 0
    assert SAYS in done.stderr.strip().splitlines()[-1]


def test_what_needs_no_keras_works_under_another_backend():
    done = run("from helpers import exercises, images, runtime", KERAS_BACKEND="jax")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("asked", ["", "tensorflow"])
def test_a_readers_configuration_file_does_not_choose_the_backend(tmp_path, asked):
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    done = run(
        "import helpers, keras; print(keras.backend.backend())",
        KERAS_HOME=str(tmp_path),
        KERAS_BACKEND=asked,
    )
    assert (done.returncode, done.stdout) == (0, "tensorflow\n"), done.stderr


def test_a_configuration_file_of_channels_first_is_named(tmp_path):
    settings = {"image_data_format": "channels_first", "backend": "tensorflow"}
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    done = run(
        "from helpers import gan_losses, networks, runtime\n"
        "g, d = networks.build_generator(4, 2), networks.build_discriminator(2)\n"
        "gan_losses.NonSaturatingGAN(g, d, latent_dim=4)\n"  # works without `start`
        "print(g.output_shape, flush=True)\n"
        "runtime.start()\n",
        KERAS_HOME=str(tmp_path),
    )
    assert done.stdout == "(None, 28, 28, 1)\n"
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("RuntimeError: Keras is set to channels first")
    assert "image_data_format in ~/.keras/keras.json" in last


def test_what_was_held_is_shown_if_the_block_fails(capfd):
    with _quiet.stderr_held():
        os.write(2, b"lost\n")

    def fail():
        with _quiet.stderr_held():
            os.write(2, b"kept\n")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert capfd.readouterr().err == "kept\n"
