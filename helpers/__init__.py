"""The small module behind the chapters of "From Noise to Image"."""

from helpers import (
    runtime as runtime,
)  # first: it keeps TensorFlow's start-up noise away

__version__ = "0.1.0"
