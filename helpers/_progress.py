"""What a reader sees of a training, and what is kept of one of her own."""

import os
import sys
import time

import keras

from helpers._arguments import counts
from helpers.resuming import ResumeTraining
from helpers.store import yours


def kept_too(callbacks, parts):
    """Return callbacks, and where a reader's own is made its progress and its state."""
    given = any(isinstance(callback, ResumeTraining) for callback in callbacks)
    folder = None if given else yours.next_folder()
    own = [] if folder is None else [Progress(parts), ResumeTraining(folder)]
    return callbacks + own


class Progress(keras.callbacks.Callback):
    """Show one line with the time left, in a terminal or a reader's notebook."""

    def __init__(self, parts):
        super().__init__()
        notebook = "ipykernel" in sys.modules and "BOOK_CHAPTER" not in os.environ
        self.parts = counts(parts=parts)
        self.shown = notebook or sys.stdout.isatty()

    def on_train_begin(self, logs=None):
        """Start the clock."""
        self.began, self.first = time.perf_counter(), None

    def on_epoch_end(self, epoch, logs=None):
        """Write the line anew."""
        self.first = epoch if self.first is None else self.first
        spent, done = time.perf_counter() - self.began, epoch - self.first + 1
        left = spent / done * (self.parts - epoch - 1)
        if self.shown:
            end = "\n" if epoch + 1 == self.parts else ""
            line = f"part {epoch + 1} of {self.parts}, about {left:.0f} s left"
            print(f"\r{line:60}", end=end, flush=True)
