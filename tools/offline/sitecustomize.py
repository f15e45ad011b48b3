"""Close the network to this Python, and play Colab when asked: on PYTHONPATH while
proving.

Only loopback stays open, which Jupyter needs to talk to its kernel. With
BOOK_STANDIN_COLAB=1 `google.colab` is among the loaded modules, as it is in Colab. With
BOOK_SHAKEN=1e-7 every gradient is off by about that part of itself.
"""

import importlib.util
import ipaddress
import os
import socket
import sys
import types

_connect = socket.socket.connect
_lookup = socket.getaddrinfo


def _is_here(host) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(
            host if isinstance(host, str) else host.decode()
        ).is_loopback
    except ValueError:
        return False


def _closed(host):
    raise OSError(f"The network is closed here: a chapter may not reach {host!r}.")


def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
        _closed(address[0])
    return _connect(self, address)


def getaddrinfo(host, *rest, **options):
    if not _is_here(host) and host not in ("0.0.0.0", "::", socket.gethostname()):
        _closed(host)
    return _lookup(host, *rest, **options)


socket.socket.connect = connect
socket.getaddrinfo = getaddrinfo

os.environ.pop("PYTEST_CURRENT_TEST", None)  # a reader's kernel has no test around it

if os.environ.get("BOOK_STANDIN_COLAB") == "1":
    sys.modules["google.colab"] = types.ModuleType("google.colab")


# ---- rounding as a graphics card may do it ------------------------------------------


class _AfterImport:
    """Find one module as ever, and call `then` on it as soon as it is imported."""

    def __init__(self, name, then):
        self.name, self.then = name, then

    def find_spec(self, name, path=None, target=None):
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            self.then(module)

        spec.loader.exec_module = exec_module
        return spec


def _shake(module, part):
    """Let every optimizer get gradients that are off by about `part` of themselves.

    Kernels that add in another order each time differ so. The noise comes from an op
    without a seed, which leaves the chapter's random numbers as they are.
    """
    apply = module.BaseOptimizer.apply

    def shaken(gradient):
        import tensorflow as tf

        if isinstance(gradient, tf.IndexedSlices):
            return tf.IndexedSlices(
                shaken(gradient.values), gradient.indices, gradient.dense_shape
            )
        if gradient is None:
            return None
        noise = tf.raw_ops.RandomStandardNormal(
            shape=tf.shape(gradient), dtype=tf.float32, seed=0, seed2=0
        )
        return gradient * tf.cast(1 + part * noise, gradient.dtype)

    def apply_shaken(self, grads, trainable_variables=None):
        return apply(self, [shaken(one) for one in grads], trainable_variables)

    module.BaseOptimizer.apply = apply_shaken


if part := float(os.environ.get("BOOK_SHAKEN") or 0):
    sys.meta_path.insert(
        0,
        _AfterImport(
            "keras.src.optimizers.base_optimizer", lambda module: _shake(module, part)
        ),
    )
