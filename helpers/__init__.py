"""The small module behind the chapters of "From Noise to Image"; importing it is free.

Nothing is imported here but a watch on Keras: whoever imports it or TensorFlow later
gets them without the messages of their start.
"""

from helpers import _quiet

_quiet.watch()
