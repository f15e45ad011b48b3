"""Let a cell that wrote to standard error fail: a plugin for pytest, beside nbval.

A reader takes red text for a fault of hers. It counts what Python wrote, and what C++
wrote below it, which ipykernel collects.
"""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Run a cell, then look at what it wrote."""
    result = yield
    said = [
        output["text"]
        for output in getattr(item, "test_outputs", None) or []
        if output.get("output_type") == "stream" and output.get("name") == "stderr"
    ]
    if said:
        item.raise_cell_error("The cell wrote to standard error.", "".join(said))
    return result
