"""What a maintainer runs. Ctrl-C ends each tool with one sentence on what it leaves.

A tool says that sentence as its `STOPPED`.
"""

import sys

UNSAID = "run it again when you like."


def _told(kind, error, trace):
    """Print one sentence in place of the traceback that Ctrl-C makes."""
    if not issubclass(kind, KeyboardInterrupt):
        return sys.__excepthook__(kind, error, trace)
    left = getattr(sys.modules["__main__"], "STOPPED", UNSAID)
    print(f"\nStopped: {left}", file=sys.stderr)


sys.excepthook = _told
