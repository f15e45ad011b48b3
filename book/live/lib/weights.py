"""Write Keras models for the page: what `book/live/lib/weights.js` reads.

A file is in the format of safetensors, so that any program can read it. `chain` turns a
model whose layers follow one another into a list for `runChain` of lib/nn.js,
`transformer` one of helpers.transformer for its class Transformer.
"""

from __future__ import annotations

import json

import numpy as np
from safetensors.numpy import save


def pack(facts: dict, tensors: dict[str, np.ndarray]) -> bytes:
    """Return the bytes of one safetensors file, the facts among its metadata.

    Floats become float16 where that loses nothing, as with all weights of the zoo; what
    was computed from them (a folded normalisation) stays float32.
    """
    arrays = {}
    for name, array in tensors.items():
        array = np.ascontiguousarray(array)
        if array.dtype.kind == "f":
            with np.errstate(over="ignore"):
                half = array.astype(np.float16)
            array = half if np.array_equal(half, array) else array.astype(np.float32)
        if array.dtype.name not in ("float16", "float32", "uint8", "int32"):
            raise TypeError(f"{name} is of {array.dtype}: use floats, uint8 or int32.")
        arrays[name] = array
    return save(arrays, {"facts": json.dumps(facts, separators=(",", ":"))})


def _activation(layer) -> str:
    name = getattr(layer, "activation", None)
    return getattr(name, "__name__", "linear") if name is not None else "linear"


def _in_order(model):
    """Yield the layers of `model`; those of a model inside it first, then that model
    itself."""
    for layer in model.layers:
        if type(layer).__name__ == "Functional":
            yield from _in_order(layer)
        yield layer


def chain(model, prefix: str = "") -> tuple[list[dict], dict[str, np.ndarray]]:
    """Return (layers, arrays) of a model whose layers follow one another.

    A model inside it counts as its layers. An `Add` of an earlier layer's output
    becomes a "keep" there and an "add" here. Batch normalisation is folded into a gain
    and a shift. Raises TypeError for other layers.
    """
    layers, arrays, outputs = [], {}, {}

    def put(layer, part, array):
        key = f"{prefix}{layer.name}.{part}"
        arrays[key] = np.asarray(array, np.float32)
        return key

    for layer in _in_order(model):
        kind, entry = type(layer).__name__, None
        if kind in ("InputLayer", "Dropout", "Functional"):
            outputs[layer.name] = len(layers)
            continue
        if kind in ("Dense", "Conv2D", "Conv2DTranspose"):
            op = {
                "Dense": "dense",
                "Conv2D": "conv",
                "Conv2DTranspose": "convTranspose",
            }[kind]
            entry = {
                "op": op,
                "kernel": put(layer, "kernel", layer.kernel),
                "activation": _activation(layer),
            }
            if kind != "Dense":
                point = kind == "Conv2D" and set(layer.kernel_size) == {
                    1
                }  # both paddings agree
                if (
                    not (point or layer.padding == "same")
                    or len(set(layer.strides)) > 1
                ):
                    raise TypeError(
                        f"{layer.name}: only padding 'same' and equal strides."
                    )
                entry["strides"] = int(layer.strides[0])
            if layer.use_bias:
                entry["bias"] = put(layer, "bias", layer.bias)
        elif kind == "BatchNormalization":
            gain = np.asarray(layer.gamma) / np.sqrt(
                np.asarray(layer.moving_variance) + layer.epsilon
            )
            shift = np.asarray(layer.beta) - np.asarray(layer.moving_mean) * gain
            entry = {
                "op": "scale",
                "gain": put(layer, "gain", gain),
                "shift": put(layer, "shift", shift),
            }
        elif kind == "Activation":
            entry = {"op": "activate", "activation": _activation(layer)}
        elif kind == "ReLU":
            entry = {"op": "activate", "activation": "relu"}
        elif kind == "Reshape":
            entry = {"op": "reshape", "target": [int(n) for n in layer.target_shape]}
        elif kind == "Embedding":
            entry = {"op": "codebook", "table": put(layer, "table", layer.embeddings)}
        elif kind == "Add":
            sources = [tensor._keras_history.operation.name for tensor in layer.input]
            early = min(sources, key=lambda name: outputs[name])
            layers.insert(outputs[early], {"op": "keep", "name": layer.name})
            outputs = {
                name: place + (place > outputs[early])
                for name, place in outputs.items()
            }
            entry = {"op": "add", "name": layer.name}
        else:
            raise TypeError(
                f"{layer.name} is a {kind}, which the page cannot compute yet."
            )
        layers.append(entry)
        outputs[layer.name] = len(layers)
    return layers, arrays


def blocks(model, prefix: str = "") -> tuple[dict, dict[str, np.ndarray]]:
    """Return (facts, arrays) of a model's blocks, in their order, for
    `Transformer.attend`."""
    from helpers.transformer import Block

    found = [layer for layer in model.layers if isinstance(layer, Block)]
    arrays = {}
    for number, block in enumerate(found):
        parts = {
            "query_key_value": block.attention.query_key_value.kernel,
            "out": block.attention.out.kernel,
            "out.bias": block.attention.out.bias,
            "wide": block.wide.kernel,
            "wide.bias": block.wide.bias,
            "narrow": block.narrow.kernel,
            "narrow.bias": block.narrow.bias,
        }
        for i, norm in enumerate(block.norms):
            parts |= {f"norm_{i}.gain": norm.gamma, f"norm_{i}.shift": norm.beta}
        arrays |= {f"{prefix}block_{number}.{name}": x for name, x in parts.items()}
    first = found[0].attention
    facts = {
        "dim": first.dim,
        "heads": first.heads,
        "depth": len(found),
        "causal": first.causal,
    }
    return facts, {name: np.asarray(value) for name, value in arrays.items()}


def transformer(model, prefix: str = "") -> tuple[dict, dict[str, np.ndarray]]:
    """Return (facts, arrays) of a model from
    `helpers.transformer.build_transformer`."""
    facts, arrays = blocks(model, prefix)
    facts["length"] = model.get_layer("positions").length
    ends = {
        "tokens": model.get_layer("tokens").embeddings,
        "positions": model.get_layer("positions").table,
        "norm.gain": model.get_layer("norm").gamma,
        "norm.shift": model.get_layer("norm").beta,
        "logits": model.get_layer("logits").kernel,
    }
    return facts, arrays | {prefix + x: np.asarray(value) for x, value in ends.items()}


def tokenizer(
    model, pictures, encoder: bool = True
) -> tuple[dict, dict[str, np.ndarray]]:
    """Return (facts, arrays) of a tokenizer's two networks, the chains "encoder" and
    "decoder".

    The encoder ends at its vectors: the page finds the nearest of the decoder's codes
    itself. "colours", uint8 (codes, 3), gives near codes near colours, as the pictures
    of chapter 15 do; "swatches", uint8 (codes, h, w, channels), is what each code
    paints in `pictures`, the mean.
    """
    import keras

    first, second = model.get_layer("encoder"), model.get_layer("decoder")
    layers, arrays = chain(second, "decoder.")
    facts = {"decoder": layers}
    if encoder:
        to_vectors = keras.Model(first.input, first.layers[-2].output)
        facts["encoder"], more = chain(to_vectors, "encoder.")
        arrays |= more
    table = np.asarray(first.layers[-1].codebook)
    axes = np.linalg.svd(table - table.mean(axis=0), full_matrices=False)[2][:3]
    order = np.argsort(np.argsort(table @ axes.T, axis=0), axis=0)
    arrays["colours"] = np.round(255 * order / (len(table) - 1)).astype(np.uint8)
    tokens = np.asarray(first(pictures, training=False))
    painted = np.clip(np.asarray(second(tokens, training=False)), -1, 1)
    (n, h, w), (_, height, width, channels) = tokens.shape, painted.shape
    patches = painted.reshape(n, h, height // h, w, width // w, channels).swapaxes(2, 3)
    patches = patches.reshape(n * h * w, height // h, width // w, channels)
    means = np.stack(
        [
            patches[tokens.ravel() == code].mean(axis=0)
            if (tokens == code).any()
            else np.zeros(patches.shape[1:])
            for code in range(len(table))
        ]
    )
    arrays["swatches"] = np.round(127.5 * (means + 1)).astype(np.uint8)
    return facts, arrays
