"""How models and results become a card and bytes, and themselves again, without pickle.

A model is its architecture (Keras's own JSON, checked to hold nothing but known layers)
and its weights in float16. A result is JSON for what a reader can read, and one .npz
for its pictures, its long arrays, and those that hold what JSON cannot say (NaN and
infinity). Keras is imported by what builds or reads a model.
"""

import contextlib
import importlib
import inspect
import io
import json
import math

import numpy as np

from helpers._arguments import told
from helpers.store import manifest

SHORT = 400  # an array of so many numbers is read in a diff; longer ones stand beside
# Classes whose from_config passes the settings on as they are; others may need each of
# them.
_PLAIN_OWNERS = ("Operation", "Layer", "Initializer", "Regularizer", "Constraint")
_HALF_MAX = 65504.0  # the largest float16


def pack_model(model, name="model"):
    """Return (facts, data, suffix): the card's part and the weights of `model`.

    Raises TypeError if `model` is no functional or Sequential model, ValueError if it
    holds a Lambda layer or layers from outside Keras and this book (those could run any
    code when they are loaded), or weights that float16 cannot hold.
    """
    import keras

    functional = isinstance(model, keras.Model) and hasattr(model, "operations")
    if not (functional or isinstance(model, keras.Sequential)) or not model.built:
        raise TypeError(
            f"train must return a built functional keras.Model for {name!r}, got "
            f"{told(model)}: return its generator or another functional part."
        )
    config = json.loads(model.to_json())
    config.pop("compile_config", None)
    _check_layers(config, name)
    facts = {"architecture": _portable(config), "parameters": int(model.count_params())}
    return facts, _weights_bytes(model, name), ".safetensors"


def _check_layers(config, name):
    """Raise ValueError if any object named in `config` is not Keras's or this
    book's."""
    for part in _dicts(config):
        kind, module = part.get("class_name"), part.get("module", "keras")
        known = isinstance(module, str) and module.split(".")[0] in ("keras", "helpers")
        if kind in ("Lambda", "__lambda__") or not known:
            raise ValueError(
                f"The model {name!r} holds {kind} from {module}: only layers of Keras "
                "and of helpers can be kept, and no Lambda."
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


def _weights_bytes(model, name):
    """Return the weights of `model`, numbered and named, floats rounded to float16."""
    from safetensors.numpy import save

    arrays = {}
    for weight in model.weights:
        array = np.asarray(weight, order="C")
        if array.dtype.kind not in "biu":
            array = array.astype(np.float32)
            if not np.isfinite(array).all():
                raise ValueError(
                    f"The weight {weight.path} of model {name!r} holds NaN or "
                    "infinity: its training has diverged, lower the learning rate."
                )
            if array.size and np.abs(array).max() > _HALF_MAX:
                raise ValueError(
                    f"The weight {weight.path} of model {name!r} exceeds "
                    f"{_HALF_MAX:.0f}, the largest float16: scale the model's inputs "
                    "or outputs."
                )
            array = array.astype(np.float16)
        layer, _, part = weight.path.rpartition("/")
        layer = layer.rpartition("/")[2]
        arrays[f"{len(arrays):04d} {layer} {part}"] = array
    return save(arrays)


def weights_of(record):
    """Return a model's weights in its order: number, layer and part -> array."""
    if record.suffix == ".npz":  # made before weights had names
        with np.load(io.BytesIO(record.data), allow_pickle=False) as archive:
            return {name: archive[name] for name in sorted(archive.files)}
    from safetensors.numpy import load

    return dict(sorted(load(record.data).items()))


def model_of(record):
    """Return the keras.Model of a Record.

    Raises ValueError if its card holds unsafe layers or the weights do not fit it.
    """
    import keras

    config, name = record.card["architecture"], record.name
    _check_layers(config, name)
    for module in {str(part.get("module")) for part in _dicts(config)}:
        if module.startswith("helpers."):
            importlib.import_module(module)  # so that Keras knows this book's layers
    model = keras.models.model_from_json(json.dumps(config))
    arrays = weights_of(record).values()
    wanted = [tuple(weight.shape) for weight in model.weights]
    if [array.shape for array in arrays] != wanted:
        raise ValueError(
            f"The weights of {name!r} do not fit its architecture: bring both back by "
            "git checkout -- helpers/assets, or make it anew with BOOK_PROFILE=full."
        )
    model.set_weights(
        [w.astype(np.float32) if w.dtype == np.float16 else w for w in arrays]
    )
    return model


def plain(value):
    """Turn a NumPy or TensorFlow number or array into Python's own, for JSON."""
    if hasattr(value, "numpy"):
        value = value.numpy()
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def pack_values(values):
    """Return (numbers, data): what goes into the card as JSON, and the rest as an .npz.

    Floats stay float64, arrays of floats become float32, other arrays keep their dtype,
    tuples become lists. `data` is None where nothing is left. Raises TypeError for
    anything that is not number, string, None, list, dict or array of numbers.
    """
    arrays = {}
    numbers = _encode(values, "values", arrays)
    return numbers, manifest.npz_bytes(arrays) if arrays else None


def values_of(record):
    """Return the dict that a result's Record holds."""
    arrays = {}
    if record.data is not None:
        with np.load(io.BytesIO(record.data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    return _decode(record.card["values"], arrays)


def _encode(value, where, arrays):
    if hasattr(value, "numpy"):  # a tensor or a variable
        value = value.numpy()
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return _encode_array(value, arrays)
    if isinstance(value, (list, tuple)):
        return [_encode(item, f"{where}[{i}]", arrays) for i, item in enumerate(value)]
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("$") for key in value):
            return {k: _encode(v, f"{where}[{k!r}]", arrays) for k, v in value.items()}
        pairs = [[_encode_key(k, where), v] for k, v in value.items()]
        return {
            "$items": [[k, _encode(v, f"{where}[{k!r}]", arrays)] for k, v in pairs]
        }
    raise TypeError(
        f"{where} is {told(value)}, which cannot be kept: return numbers, strings, "
        "lists, dicts or arrays of numbers."
    )


def _encode_key(key, where):
    key = key.item() if isinstance(key, np.generic) else key
    if key is None or isinstance(key, (bool, int, float, str)):
        return _encode(key, where, {})
    raise TypeError(
        f"A key of {where} is {told(key)}, which cannot be kept: use numbers or "
        "strings."
    )


def _encode_array(value, arrays):
    """Return numbers for the card, or put them beside it where none could read them."""
    value = value.astype(np.float32) if value.dtype.kind == "f" else value
    plain = value.dtype.kind != "f" or np.isfinite(value).all()
    if value.size <= SHORT and value.dtype != np.uint8 and plain:
        empty = {} if value.size else {"shape": list(value.shape)}  # lists do not tell
        return {"$numbers": _listed(value), "dtype": value.dtype.name, **empty}
    key = f"array{len(arrays)}"
    arrays[key] = value
    return {"$array": key}


def _listed(array):
    """Return an array as nested lists; float32 by the fewest digits that return it."""
    if array.ndim > 1:
        return [_listed(row) for row in array]
    if array.dtype.kind == "f":
        return [float(str(number)) for number in array]
    return array.tolist()


def _decode(value, arrays):
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "$float" in value:
        return float(value["$float"])
    if "$array" in value:
        return arrays[value["$array"]]
    if "$numbers" in value:
        array = np.array(value["$numbers"], value["dtype"])
        return array.reshape(value["shape"]) if "shape" in value else array
    if "$items" in value:
        return {_decode(k, arrays): _decode(v, arrays) for k, v in value["$items"]}
    return {k: _decode(v, arrays) for k, v in value.items()}
