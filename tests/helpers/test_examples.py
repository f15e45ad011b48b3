"""Every public function and class of the helpers shows a call, and it does that."""

import doctest
import importlib
import inspect
import sys

import pytest

from book.identity import ROOT

MODULES = sorted(
    path.stem
    for path in (ROOT / "helpers").glob("*.py")
    if not path.stem.startswith("_")
)
# Keras calls these, a reader does not.
KERAS = {
    "build", "call", "compile", "compute_output_spec", "get_config", "from_config",
    "metrics", "test_step", "train_step", "on_epoch_begin", "on_epoch_end",
    "on_train_batch_end", "on_train_begin",
}  # fmt: skip
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def public(thing, module):
    """Yield (name, thing) of what a module or a class defines for its readers."""
    for name, value in vars(thing).items():
        value = getattr(value, "__func__", value)  # a static or a class method
        if name.startswith("_") or name in KERAS:
            continue
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield value.__qualname__, value
            if not issubclass(value, BaseException):
                yield from public(value, module)
        elif callable(value) and _home(value) == module.__name__:
            yield value.__qualname__, value


def _home(value):
    """Return the module that a function was written in, decorated or not."""
    value = inspect.unwrap(value)
    return value.__module__ if inspect.isfunction(value) else None


EVERYTHING = [
    pytest.param(module, name, thing, id=f"{module.__name__.split('.')[1]}.{name}")
    for module in (importlib.import_module(f"helpers.{name}") for name in MODULES)
    for name, thing in public(module, module)
]


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Work in an empty folder, as in a script, without records of this machine's own."""
    from helpers.store import records

    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)  # no line of progress
    monkeypatch.setattr(records, "RUNS", tmp_path / "runs")


@pytest.mark.parametrize(("module", "name", "thing"), EVERYTHING)
def test_its_example_is_there_and_runs(module, name, thing, elsewhere):
    examples = doctest.DocTestParser().get_doctest(
        inspect.getdoc(thing) or "", dict(vars(module)), name, module.__file__, 0
    )
    assert examples.examples, f"{name} shows no call: write one as >>> in its docstring"
    said = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(examples, out=said.append)
    assert not said, "".join(said)


def _typed(thing):
    """Return the function whose types a reader sees: of a class its own making."""
    told = inspect.unwrap(thing)
    return vars(told).get("__init__") if inspect.isclass(told) else told


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(_typed(case.values[2]), id=case.id)
        for case in EVERYTHING
        if _typed(case.values[2])
    ],
)
def test_its_types_are_told(told):
    """What mypy finds of them is asked by `make types`."""
    signature = inspect.signature(told)
    untold = [
        parameter.name
        for parameter in signature.parameters.values()
        if parameter.annotation is parameter.empty and parameter.name != "self"
    ]
    assert not untold, f"the types of {', '.join(untold)} are not told"
    assert signature.return_annotation is not signature.empty
