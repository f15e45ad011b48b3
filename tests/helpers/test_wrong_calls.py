"""Every public function and class, called wrongly: it works, or one sentence says why.

The helpers are found by looking; `RIGHT` holds one right call of each. One argument of
it at a time is then replaced by each of WRONG. What comes back is a result, or an error
that this book raised: a single line of at most 300 characters that names the argument.
"""

# ruff: noqa: C408  dict(name=value) reads as the call that it stands for

import contextlib
import functools
import importlib
import inspect
import io
import re
import traceback
from pathlib import Path

import keras
import numpy as np
import pytest

import helpers
from helpers import (
    captions,
    networks,
    plots,
    shapes,
    style_transfer,
    tokenizer,
    training,
    transformer,
    vgg,
    zoo,
)
from helpers.gan_losses import NonSaturatingGAN
from helpers.store import records

HOUSE = Path(helpers.__file__).resolve().parent
MODULES = sorted(path.stem for path in HOUSE.glob("[a-z]*.py"))
KINDS = (
    TypeError,
    ValueError,
    FileNotFoundError,
    FloatingPointError,
    ConnectionError,
    IsADirectoryError,
    PermissionError,
)
LARGEST = 300  # characters of a sentence
# Sentences that list a whole language may be longer.
LISTS = ("the words are a, above",)

# What a reader does not call by hand, each with the reason.
EXEMPT = {
    "exercises.Wrong": "an exception, which carries any text",
    "exercises.describe": "for checks.kit, which gives it an exception",
    "exercises.kind": "likewise: tells what any value is",
    "exercises.register": "for checks.kit, when a chapter's checks are imported",
    "tables.Table": "made by tables.table, which checks what it gives it",
    "training.listed": "for GAN.fit, of a reader's callbacks",
    "gan.GAN.d_loss_fn": "a formula that the train step calls with its own logits",
    "gan.GAN.g_loss_fn": "likewise",
    "gan.GAN.track": "called by the train step alone",
    "gan.GAN.update_ema": "takes nothing",
    "transformer.Attention.extend": "inside a compiled loop: tensors, which are trusted",
    "transformer.Block.extend": "likewise",
}
# Methods that Keras has too, but which take arguments of this book.
OWN = ("gan.GAN.compile", "gan.GAN.fit")
# Right calls that are not made: they would write, or take long.
NOT_MADE = ("zoo.adopt", "zoo.folder", "runtime.start")


class Began(BaseException):
    """Say that the arguments were accepted, and the long work would begin."""


# ---- what is wrong ------------------------------------------------------------------

PICTURES = np.linspace(-1, 1, 2 * 28 * 28, dtype="float32").reshape(2, 28, 28, 1)


def wrong_values():
    """Return what readers pass by mistake: name -> value, made anew for each call."""
    return {
        "None": None,
        "a string": "text",
        "bytes": b"x",
        "-1": -1,
        "0": 0,
        "2.5": 2.5,
        "NaN": float("nan"),
        "infinity": float("inf"),
        "a huge number": 10**30,
        "an empty list": [],
        "a ragged list": [[1], [1, 2]],
        "a dict": {},
        "an object": object(),
        "an array of objects": np.array([object(), object()]),
        "bytes of images": np.full((2, 28, 28, 1), 200, np.uint8),
        "images in 0..255": np.full((2, 28, 28, 1), 200, np.float32),
        "images with NaN": np.where(PICTURES > 0.9, np.nan, PICTURES),
        "no images": np.zeros((0, 28, 28, 1), np.float32),
        "too few axes": np.zeros((2, 3), np.float32),
        "a complex array": np.ones((2, 3), complex),
        "a symbol": keras.Input((3,)),
        "a generator": (one for one in range(3)),
    }


def complaint(call, arguments, parameter):
    """Return None if a call works or says in one sentence why not, else what it said."""
    value = arguments[parameter]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            call(**arguments)
    except Began:
        return None
    except Exception as error:
        text, kind = str(error), type(error).__name__
        last = traceback.extract_tb(error.__traceback__)[-1]
        ours = Path(last.filename).resolve().is_relative_to(HOUSE)
        quoted = isinstance(value, (str, bytes)) and repr(value) in text
        named = quoted or re.search(rf"\b{parameter}\b", text)
        faults = {
            f"is a {kind}": type(error) not in KINDS,
            "was not raised here": not ours or not last.line.startswith("raise"),
            "has several lines": "\n" in text,
            "is too long": len(text) > LARGEST and not any(t in text for t in LISTS),
            "does not end as a sentence": not text.endswith((".", ")")),
            "prints an array": "[[" in text or "..., " in text,
            "does not name it": not named,
        }
        found = [fault for fault, holds in faults.items() if holds]
        return f"{', '.join(found)}: {text[:200]!r}" if found else None
    return None


# ---- what is right ------------------------------------------------------------------


@functools.cache
def networks_of_a_gan():
    return networks.build_generator(8, 4), networks.build_discriminator(4, head=0)


@functools.cache
def gan():
    model = NonSaturatingGAN(*networks_of_a_gan(), latent_dim=8)
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    return model


@functools.cache
def language():
    return transformer.build_transformer(11, 12, dim=8, depth=1, heads=2)


@functools.cache
def codes():
    images = keras.Input((4, 4, 1))
    vectors = keras.layers.Conv2D(3, 2, strides=2)(images)
    encoder = keras.Model(images, tokenizer.NearestCode(5)(vectors), name="encoder")
    numbers = keras.Input((2, 2), dtype="int32")
    x = keras.layers.Embedding(5, 3)(numbers)
    x = keras.layers.Conv2DTranspose(1, 2, strides=2)(x)
    decoder = keras.Model(numbers, x, name="decoder")
    pictures = keras.Input((4, 4, 1))
    return keras.Model(pictures, decoder(encoder(pictures)))


@functools.cache
def encoder():
    return vgg.build(["conv1_1", "conv2_1"], "random")


def scene():
    return shapes.Scene((shapes.Object("circle", "red", "large", 11, 11),))


def brightness(images):
    return np.asarray(images).mean(axis=(2, 3))


def picture(size=32):
    return np.linspace(-1, 1, size * size * 3).reshape(size, size, 3).astype("float32")


FEATURES = np.random.default_rng(0).normal(size=(8, 3))
MODEL, RESULT = "06/digits-labelled", "17/bar"
RNG = np.random.default_rng(0)


def settings_of(name):
    return records.card(name)["settings"]


@functools.cache
def png():
    figure, _ = plots.subplots()
    return plots.to_png(figure)


# name -> the arguments of one right call; those of a method are given to `OWNERS`'.
RIGHT = {
    "captions.Demand": lambda: dict(count=1, size=None, colour="red", shape="circle"),
    "captions.Request": lambda: dict(demands=captions.parse("a red circle").demands),
    "captions.caption": lambda: dict(scene=scene(), rng=RNG, world=shapes.SMALL),
    "captions.parse": lambda: dict(sentence="a red circle"),
    "captions.words": lambda: dict(sentence="a red circle"),
    "data.digits": lambda: dict(split="test"),
    "data.fashion": lambda: dict(split="test"),
    "data.painting": lambda: dict(name="church", size=16),
    "data.picture": lambda: dict(name="cat", size=16),
    "data.shapes": lambda: dict(count=2),
    "data.style": lambda: dict(name="waves", size=16),
    "exercises.Exercise": lambda: dict(id="02.1", checker=print),
    "exercises.Foreseen": lambda: dict(answer=1, says="one"),
    "exercises.Verdict": lambda: dict(status="right", message=""),
    "exercises.check": lambda: dict(id="02.1", answer=...),
    "exercises.grade": lambda: dict(id="02.1", answer=...),
    "exercises.plain": lambda: dict(answer=1),
    "exercises.registered": lambda: dict(chapter="02"),
    "gan.GAN": lambda: dict(
        zip(("generator", "discriminator"), networks_of_a_gan(), strict=True),
        latent_dim=8,
    ),
    "gan.GAN.compile": lambda: dict(
        g_optimizer=keras.optimizers.SGD(0.01), d_optimizer=keras.optimizers.SGD(0.01)
    ),
    "gan.GAN.fit": lambda: dict(x=PICTURES, batch_size=2),
    "gan.GAN.generate": lambda: dict(count_or_latents=1),
    "images.from_uint8": lambda: dict(x=np.zeros((2, 3), np.uint8)),
    "images.load_picture": lambda: dict(path_or_bytes=png()),
    "images.resize": lambda: dict(images=PICTURES, size=4),
    "images.tile": lambda: dict(images=PICTURES),
    "images.to_uint8": lambda: dict(x=PICTURES),
    "live.address": lambda: dict(name="ruler"),
    "live.facts": lambda: dict(name="ruler"),
    "live.figure": lambda: dict(name="ruler"),
    "live.figures": dict,
    "metrics.compare": lambda: dict(real=FEATURES, generated=FEATURES),
    "metrics.evaluate": lambda: dict(
        real_images=PICTURES.repeat(2, 0),
        generated_images=PICTURES.repeat(2, 0),
        extractor=brightness,
    ),
    "metrics.features": lambda: dict(extractor=brightness, images=PICTURES),
    "metrics.frechet_distance": lambda: dict(a=FEATURES, b=FEATURES),
    "metrics.kernel_distance": lambda: dict(a=FEATURES, b=FEATURES),
    "metrics.precision_recall": lambda: dict(real=FEATURES, generated=FEATURES),
    "networks.build_discriminator": lambda: dict(width=4, head=0),
    "networks.build_generator": lambda: dict(latent_dim=8, width=4),
    "obedience.meets": lambda: dict(
        scene=scene(), request=captions.parse("a red circle")
    ),
    "obedience.obeys": lambda: dict(
        picture=shapes.draw(scene(), shapes.SMALL), wanted="a red circle"
    ),
    "obedience.obeys_many": lambda: dict(
        pictures=shapes.draw(scene(), shapes.SMALL)[None], wanted=["a red circle"]
    ),
    "obedience.read": lambda: dict(
        picture=shapes.draw(scene(), shapes.SMALL), world=shapes.SMALL
    ),
    "paintings.paint": lambda: dict(name="waves", size=16),
    "plots.curves": lambda: dict(
        series={"a": [1.0, 2.0]}, xlabel="x", ylabel="y", band={"a": ([0, 1], [2, 3])}
    ),
    "plots.grid": lambda: dict(images=PICTURES),
    "plots.sheet": lambda: dict(
        rows_of_images=[PICTURES], row_labels=["a"], col_labels=["b", "c"]
    ),
    "plots.style": dict,
    "plots.subplots": dict,
    "tables.spread": lambda: dict(values=[1.0, 2.0]),
    "tables.table": lambda: dict(rows={"a": [1.5]}, head=["x"]),
    "plots.to_png": lambda: dict(figure=plots.subplots()[0]),
    "resuming.ResumeTraining": lambda: dict(directory="kept"),
    "resuming.ResumeTraining.restore": lambda: dict(model=gan()),
    "runtime.budget": lambda: dict(quick=1, full=2, card=3),
    "runtime.clock": dict,
    "runtime.clock_name": dict,
    "runtime.cores": dict,
    "runtime.device": dict,
    "runtime.matmul_gflops": lambda: dict(size=8, repeats=1),
    "runtime.on_card": dict,
    "runtime.profile": dict,
    "runtime.seed_everything": lambda: dict(seed=0),
    "runtime.start": dict,
    "runtime.stopwatch": dict,
    "runtime.took": lambda: dict(card={"seconds": 1.0}),
    "runtime.versions": dict,
    "sampling.filter_logits": lambda: dict(logits=FEATURES, top_k=2, top_p=0.5),
    "sampling.sample": lambda: dict(
        model=language(), prompts=[[1]], count=2, unconditional=[[0]]
    ),
    "shapes.Object": lambda: dict(
        shape="circle", colour="red", size="large", row=11, col=11
    ),
    "shapes.Scene": lambda: dict(objects=()),
    "shapes.World": lambda: {
        name: getattr(shapes.SMALL, name)
        for name in ("name", "size", "sides", "backgrounds", "most", "cell")
    },
    "shapes.draw": lambda: dict(scene=scene(), world=shapes.SMALL),
    "shapes.held_out": lambda: dict(scene=scene()),
    "shapes.mask": lambda: dict(shape="circle", side=5),
    "shapes.random_scene": lambda: dict(rng=RNG, world=shapes.SMALL),
    "shapes.relation": lambda: dict(
        zip(("first", "second"), scene().objects * 2, strict=True)
    ),
    "style_transfer.gram": lambda: dict(features=picture()[None]),
    "style_transfer.match_colours": lambda: dict(content=picture(), style=picture(40)),
    "style_transfer.objective": lambda: dict(
        network=encoder(),
        content=picture(),
        style=picture(40),
        style_layers={"conv1_1": 1.0},
        content_layer="conv2_1",
    ),
    "style_transfer.relative_distance": lambda: dict(a=picture(), b=picture()),
    "style_transfer.stylise": lambda: dict(
        content=picture(), style=picture(40), kind="random"
    ),
    "style_transfer.total_variation": lambda: dict(image=picture()[None]),
    "tokenizer.NearestCode": lambda: dict(codes=5),
    "tokenizer.Tokenizer": lambda: dict(model=codes()),
    "tokenizer.Tokenizer.decode": lambda: dict(tokens=np.zeros((1, 4), int)),
    "tokenizer.Tokenizer.encode": lambda: dict(images=PICTURES[:, :4, :4]),
    "tokenizer.Tokenizer.reconstruct": lambda: dict(images=PICTURES[:, :4, :4]),
    "tokenizer.load": lambda: dict(name="fashion"),
    "training.Watch": dict,
    "training.batches": lambda: dict(rows=PICTURES, batch_size=2),
    "training.fit": lambda: dict(
        model=language(),
        batches=training.batches(PICTURES, 2),
        steps=4,
        learning_rate=0.01,
        loss="mse",
    ),
    "training.shuffled": lambda: dict(images=PICTURES, batch_size=2),
    "training.warm_cosine": lambda: dict(learning_rate=0.01, steps=4),
    "transformer.Attention": lambda: dict(dim=8, heads=2),
    "transformer.Block": lambda: dict(dim=8, heads=2),
    "transformer.Positions": lambda: dict(length=3),
    "transformer.blocks_of": lambda: dict(model=language()),
    "transformer.build_transformer": lambda: dict(
        vocabulary=5, length=4, dim=4, depth=1, heads=2
    ),
    "transformer.extend": lambda: dict(model=language(), tokens=[[1, 2]]),
    "vgg.build": lambda: dict(layers=["conv1_1"], kind="random"),
    "vgg.find": lambda: dict(kind="random"),
    "vgg.layer_names": lambda: dict(kind="random"),
    "zoo.adopt": dict,
    "zoo.card": lambda: dict(name=MODEL),
    "zoo.cards": dict,
    "zoo.folder": lambda: dict(name="05/digits", settings={}),
    "zoo.load": lambda: dict(name=MODEL),
    "zoo.measured": lambda: dict(
        name=RESULT, measure=dict, settings=settings_of(RESULT)
    ),
    "zoo.note_metrics": lambda: dict(name=MODEL, metrics={"frechet": 1.0}),
    "zoo.sweep": lambda: dict(
        name="05/rate",
        measure=dict,
        settings=settings_of("05/rate-0"),
        over={"seed": (0,)},
    ),
    "zoo.trained": lambda: dict(
        name=MODEL, train=lambda: zoo.load(MODEL), settings=settings_of(MODEL)
    ),
}
for _name in ("SaturatingGAN", "NonSaturatingGAN", "LeastSquaresGAN"):
    RIGHT[f"gan_losses.{_name}"] = RIGHT["gan.GAN"]
OWNERS = {
    "gan.GAN": gan,
    "resuming.ResumeTraining": lambda: importlib.import_module(
        "helpers.resuming"
    ).ResumeTraining("kept"),
    "tokenizer.Tokenizer": lambda: tokenizer.Tokenizer(codes()),
}


def public():
    """Return the names of all that a reader may call: module.function, module.Class."""
    found = []
    for stem in MODULES:
        module = importlib.import_module(f"helpers.{stem}")
        for name, thing in vars(module).items():
            ours = getattr(thing, "__module__", None) == module.__name__
            if name.startswith("_") or not ours or not callable(thing):
                continue
            found.append(f"{stem}.{name}")
            if inspect.isclass(thing):
                outside = [
                    base
                    for base in thing.__mro__[1:]
                    if not base.__module__.startswith("helpers")
                ]
                found += [
                    f"{stem}.{name}.{method}"
                    for method, body in vars(thing).items()
                    if inspect.isfunction(body) and not method.startswith("_")
                    if not any(hasattr(base, method) for base in outside)
                    or f"{stem}.{name}.{method}" in OWN
                    if not any(f"{n}.{method}" in EXEMPT for n in ("gan.GAN",))
                ]
    return sorted(set(found) - set(EXEMPT))


PUBLIC = public()


def target(name):
    """Return what `name` calls: a function, a class, or a method of an owner."""
    stem, thing, *method = name.split(".")
    if method:
        return getattr(OWNERS[f"{stem}.{thing}"](), method[0])
    return getattr(importlib.import_module(f"helpers.{stem}"), thing)


@pytest.fixture(autouse=True)
def _no_long_work_and_a_folder_of_its_own(monkeypatch, tmp_path):
    def begin(*arguments, **options):
        raise Began

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(records, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(keras.Model, "fit", begin)
    monkeypatch.setattr(style_transfer, "_network", begin)


def test_every_public_function_has_a_right_call():
    missing = sorted(set(PUBLIC) - set(RIGHT))
    assert not missing, (
        f"Add a right call to RIGHT in {Path(__file__).name}, or a reason to EXEMPT, for "
        f"{', '.join(missing)}."
    )
    gone = sorted(set(RIGHT) - set(PUBLIC))
    assert not gone, f"RIGHT holds what is no longer public: {', '.join(gone)}."


@pytest.mark.parametrize("name", [n for n in PUBLIC if n in RIGHT])
def test_a_right_call_works(name):
    if name in NOT_MADE:
        return
    with contextlib.suppress(Began), contextlib.redirect_stdout(io.StringIO()):
        target(name)(**RIGHT[name]())


@pytest.mark.parametrize("name", [n for n in PUBLIC if n in RIGHT])
def test_a_wrong_call_is_answered_in_one_sentence(name):
    call = target(name)
    found = []
    for parameter in inspect.signature(call).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        for what, value in wrong_values().items():
            arguments = {**RIGHT[name](), parameter.name: value}
            fault = complaint(call, arguments, parameter.name)
            if fault:
                found.append(f"{name}({parameter.name}={what}) {fault}")
    assert not found, "\n" + "\n".join(found)
