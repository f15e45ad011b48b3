"""How models and results become bytes, and bytes models and results again, without
pickle.

A model is its architecture (Keras's own JSON, checked to hold nothing but known layers)
and its weights in float16. A result is one .npz: its arrays, and a header in JSON that
says where in the dict each array belongs.
"""

import contextlib
import importlib
import inspect
import json

import numpy as np

from helpers import manifest, runtime

keras = runtime.keras
# Classes whose from_config passes the settings on as they are; others may need each of
# them.
_PLAIN_OWNERS = ("Operation", "Layer", "Initializer", "Regularizer", "Constraint")
_HALF_MAX = 65504.0  # the largest float16


def architecture(model, name="model"):
    """Return the architecture of a functional or Sequential `model` as a dict of JSON
    values.

    Raises TypeError if `model` is something else, ValueError if it holds a Lambda layer
    or layers from outside Keras and this book: those could run any code when they are
    loaded.
    """
    functional = isinstance(model, (keras.Sequential, keras.Model)) and hasattr(
        model, "operations"
    )
    if not (functional or isinstance(model, keras.Sequential)) or not model.built:
        raise TypeError(
            f"train must return a built functional keras.Model for {name!r}, not "
            f"{type(model).__name__}: return its generator or another functional part."
        )
    config = json.loads(model.to_json())
    config.pop("compile_config", None)
    _check_layers(config, name)
    return _portable(config)


def _check_layers(config, name):
    """Raise ValueError if any object named in `config` is not Keras's or this
    book's."""
    for part in _dicts(config):
        kind, module = part.get("class_name"), part.get("module", "keras")
        known = isinstance(module, str) and module.split(".")[0] in ("keras", "helpers")
        if kind in ("Lambda", "__lambda__") or not known:
            raise ValueError(
                f"The model {name!r} holds {kind} from {module}: only layers of Keras "
                f"and of "
                "helpers can be kept, and no Lambda."
            )


def _dicts(value):
    """Yield every dict inside nested dicts and lists."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _dicts(item)


def _portable(value):
    """Drop every setting that is its class's default: older Keras 3 may not know it
    yet."""
    if isinstance(value, list):
        return [_portable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("module"), str) and isinstance(value.get("config"), dict):
        with contextlib.suppress(ImportError, AttributeError, TypeError, ValueError):
            kind = getattr(
                importlib.import_module(value["module"]), value["class_name"]
            )
            plainly = _from_config_owner(kind) in _PLAIN_OWNERS
            unset = inspect.signature(kind).parameters if plainly else {}
            config = {
                key: setting
                for key, setting in value["config"].items()
                if key not in unset or _different(setting, unset[key].default)
            }
            value = {**value, "config": config}
    return {key: _portable(item) for key, item in value.items()}


def _from_config_owner(kind):
    """Return the name of the class that defines `kind.from_config`."""
    return next(base.__name__ for base in kind.__mro__ if "from_config" in vars(base))


def _different(setting, default):
    """Say whether a setting read from JSON is another than the constructor's
    default."""
    if isinstance(default, tuple):
        default = list(default)
    return type(setting) is not type(default) or setting != default


def weights_bytes(model, name="model"):
    """Return the weights of `model` as a compressed .npz, floats rounded to float16.

    Raises ValueError if a weight is NaN, infinite, or too large for float16.
    """
    arrays = {}
    for index, weight in enumerate(model.weights):
        array = np.asarray(weight)
        if array.dtype.kind not in "biu":
            array = array.astype(np.float32)
            if not np.isfinite(array).all():
                raise ValueError(
                    f"The weight {weight.path} of model {name!r} holds NaN or "
                    f"infinity: its "
                    "training has diverged, lower the learning rate."
                )
            if array.size and np.abs(array).max() > _HALF_MAX:
                raise ValueError(
                    f"The weight {weight.path} of model {name!r} exceeds "
                    f"{_HALF_MAX:.0f}, the "
                    "largest float16: scale the model's inputs or outputs."
                )
            array = array.astype(np.float16)
        arrays[f"w{index:04d}"] = array
    return manifest.npz_bytes(arrays)


def build(config, path, name="model"):
    """Return the keras.Model of architecture `config` with the weights of the .npz at
    `path`.

    Raises ValueError if `config` holds unsafe layers or the weights do not fit it.
    """
    _check_layers(config, name)
    for module in {str(part.get("module")) for part in _dicts(config)}:
        if module.startswith("helpers."):
            importlib.import_module(module)  # so that Keras knows this book's layers
    model = keras.models.model_from_json(json.dumps(config))
    arrays = manifest.read_npz(path)
    weights = [arrays[key] for key in sorted(arrays)]
    wanted = [tuple(weight.shape) for weight in model.weights]
    if [weight.shape for weight in weights] != wanted:
        raise ValueError(
            f"The weights in {path} do not fit the architecture of {name!r}: bring "
            f"both back with "
            "git checkout -- helpers/assets, or make the model anew with "
            "BOOK_PROFILE=full."
        )
    model.set_weights(
        [w.astype(np.float32) if w.dtype == np.float16 else w for w in weights]
    )
    return model


def plain(value):
    """Turn a NumPy or TensorFlow number or array into Python's own, for JSON."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def pack(facts, values):
    """Return `values` (dict) with `facts` about them (JSON values) as the bytes of one
    .npz.

    Floats stay float64, arrays of floats become float32, other arrays keep their dtype,
    tuples become lists. Raises TypeError for anything that is not number, string, None,
    list, dict or array of numbers.
    """
    arrays = {}
    header = {"facts": facts, "values": _encode(values, "values", arrays)}
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    return manifest.npz_bytes({"header": text, **arrays})


def unpack(path):
    """Return (facts, values) from the .npz at `path` that `pack` made."""
    arrays = manifest.read_npz(path)
    header = json.loads(arrays["header"].tobytes())
    return header["facts"], _decode(header["values"], arrays)


def _encode(value, where, arrays):
    if hasattr(value, "numpy"):  # a tensor or a variable
        value = value.numpy()
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        key = f"array{len(arrays)}"
        arrays[key] = value.astype(np.float32) if value.dtype.kind == "f" else value
        return {"$array": key}
    if isinstance(value, (list, tuple)):
        return [_encode(item, f"{where}[{i}]", arrays) for i, item in enumerate(value)]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {k: _encode(v, f"{where}[{k!r}]", arrays) for k, v in value.items()}
        pairs = [[_encode(k, where, arrays), v] for k, v in value.items()]
        return {
            "$items": [[k, _encode(v, f"{where}[{k!r}]", arrays)] for k, v in pairs]
        }
    kind = (
        f"array of {value.dtype}"
        if isinstance(value, np.ndarray)
        else type(value).__name__
    )
    raise TypeError(
        f"{where} is a {kind}, which cannot be kept: return numbers, strings, lists, "
        f"dicts or "
        "arrays of numbers."
    )


def _decode(value, arrays):
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return arrays[value["$array"]]
    if "$items" in value:
        return {k: _decode(v, arrays) for k, v in value["$items"]}
    return {k: _decode(v, arrays) for k, v in value.items()}
