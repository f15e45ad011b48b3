"""Keep TensorFlow's start-up messages out of a chapter, without importing TensorFlow.

C++ code writes to file descriptor 2 before any log level is read, so the descriptor is
held while the package is imported. If the import fails, what was held is shown. The
same watch says in one sentence that Keras is set to another backend, before Keras looks
for it.
"""

import contextlib
import importlib.util
import os
import sys
import tempfile


@contextlib.contextmanager
def stderr_held():
    """Hold back what is written to file descriptor 2; show it if the block fails."""
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, ValueError, AttributeError):  # no standard error to guard
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


class _Watch:
    """Import TensorFlow with standard error held, and Keras only on TensorFlow."""

    def __init__(self):
        self.seen = False

    def find_spec(self, name, path=None, target=None):
        """Return a quiet spec of TensorFlow; leave every other name alone."""
        if name == "keras":
            asked = os.environ.get("KERAS_BACKEND") or "tensorflow"
            check_backend(asked)
            os.environ["KERAS_BACKEND"] = asked  # not what ~/.keras/keras.json says
        if name != "tensorflow" or self.seen:
            return None
        self.seen = True
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def quietly(module):
            with stderr_held():
                execute(module)
                module.config.list_physical_devices()  # looking for a GPU is noisy too

        spec.loader.exec_module = quietly
        return spec


def check_backend(name):
    """Raise RuntimeError unless `name`, the backend that Keras uses, is TensorFlow."""
    if name != "tensorflow":
        raise RuntimeError(
            f"Keras is to run on {name!r}, but this book needs TensorFlow: set the "
            "environment variable KERAS_BACKEND to 'tensorflow' and restart the kernel."
        )


def watch():
    """Set the quiet defaults, and wait for TensorFlow and Keras; once a process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    waiting = any(isinstance(finder, _Watch) for finder in sys.meta_path)
    if not waiting and not {"tensorflow", "keras"} <= set(sys.modules):
        sys.meta_path.insert(0, _Watch())
