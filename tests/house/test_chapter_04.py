"""Chapter 04: what it types in the open is right, and is what the helpers hold."""

import ast
from functools import cache
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from keras import layers, ops
from scipy import stats
from scipy.spatial import geometric_slerp
from sklearn.neighbors import NearestNeighbors

from helpers import networks, runtime, zoo

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "04_dcgan.ipynb"


@cache
def chapter():
    """Return the chapter's functions and constants by name, without running its
    experiments."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    space = {
        "np": np,
        "ops": ops,
        "keras": keras,
        "layers": layers,
        "stats": stats,
        "NearestNeighbors": NearestNeighbors,
        "runtime": runtime,
    }
    for cell in notebook.cells:
        if cell.cell_type != "code" or "solution" in cell.metadata.get("tags", []):
            continue
        for node in ast.parse(cell.source).body:
            name = node.targets[0] if isinstance(node, ast.Assign) else None
            constant = (
                isinstance(name, ast.Name) and len(name.id) > 1 and name.id.isupper()
            )
            function = isinstance(node, ast.FunctionDef) and node.name != "train_gan"
            if constant or function:
                exec(compile(ast.Module([node], []), "chapter 04", "exec"), space)
    return space


def described(model):
    """Return what the layers of `model` are and do, whatever they are called."""
    facts = []
    for layer in model.layers:
        if not isinstance(layer, layers.InputLayer):
            config = {
                k: v for k, v in layer.get_config().items() if k not in ("name", "seed")
            }
            facts.append((type(layer).__name__, config))
    return facts


@pytest.mark.parametrize("builder", ["build_generator", "build_discriminator"])
@pytest.mark.parametrize("arguments", [{}, {"width": 8, "kernel": 3}])
def test_typed_networks_are_those_of_the_helpers(builder, arguments):
    both = []
    for build in (chapter()[builder], getattr(networks, builder)):
        runtime.seed_everything(3)
        both.append(build(**arguments))
    typed, shipped = both
    assert described(typed) == described(shipped)
    shape = typed.input_shape[1:]
    inputs = np.random.default_rng(0).standard_normal((4, *shape)).astype("float32")
    for training in (False, True):  # the same numbers from the same seed
        np.testing.assert_array_equal(
            typed(inputs, training=training), shipped(inputs, training=training)
        )


def test_discriminator_without_head_has_no_hidden_dense_layer():
    for build in (chapter()["build_discriminator"], networks.build_discriminator):
        dense = [
            layer for layer in build(head=0).layers if isinstance(layer, layers.Dense)
        ]
        assert [layer.units for layer in dense] == [1]


def kinds(model):
    return [type(layer) for layer in model.layers]


def test_trial_networks_obey_all_five_guidelines_by_default():
    generator, discriminator = chapter()["trial_networks"]()
    assert generator.output_shape == (
        None,
        28,
        28,
        1,
    ) and discriminator.output_shape == (None, 1)
    for kind in (layers.AveragePooling2D, layers.MaxPooling2D, layers.UpSampling2D):
        assert kind not in kinds(generator) + kinds(discriminator)
    assert kinds(generator).count(layers.BatchNormalization) == 2
    assert kinds(discriminator).count(layers.BatchNormalization) == 1
    assert kinds(discriminator).count(layers.Dense) == 1
    slopes = [
        layer.negative_slope
        for layer in generator.layers + discriminator.layers
        if isinstance(layer, layers.LeakyReLU)
    ]
    np.testing.assert_allclose(slopes, [0, 0, 0.2, 0.2])
    assert generator.layers[-1].activation is keras.activations.tanh


@pytest.mark.parametrize(
    "change",
    [
        {"pool": True},
        {"resize": True},
        {"g_norm": False},
        {"d_norm": False},
        {"head": 64},
        {"g_leak": 0.2},
        {"output": "linear"},
        {"d_leak": 0.0},
        {"kernel": 3},
    ],
)
def test_every_switch_changes_a_network_and_keeps_the_sizes(change):
    def described(models):
        return [
            [
                (
                    type(layer).__name__,
                    getattr(layer, "negative_slope", None),
                    getattr(layer, "activation", None),
                    getattr(layer, "kernel_size", None),
                )
                for layer in model.layers
            ]
            for model in models
        ]

    pair = chapter()["trial_networks"](**change)
    assert described(pair) != described(chapter()["trial_networks"]())
    assert pair[0].output_shape[1:] == pair[1].input_shape[1:] == (28, 28, 1)


def test_trial_of_our_own_networks_is_the_shipped_pair():
    """The row `ours` has the parameters of the pair that the chapter ships."""
    ours = chapter()["trial_networks"](d_norm=False, head=64)
    for mine, helper in zip(
        ours, (networks.build_generator(), networks.build_discriminator()), strict=True
    ):
        assert [w.shape for w in mine.get_weights()] == [
            w.shape for w in helper.get_weights()
        ]


@pytest.mark.parametrize("kernel", [[1.0], [2, -1], [1, 2, 3], [1, 0, 2, 5]])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_convolution_matrix_slides_the_kernel(kernel, stride):
    signal = np.random.default_rng(0).standard_normal(11)
    matrix = chapter()["convolution_matrix"](kernel, 11, stride)
    np.testing.assert_allclose(
        matrix @ signal, np.correlate(signal, kernel, "valid")[::stride], atol=1e-6
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_size_formulas_agree_with_keras_layers(padding):
    space = chapter()
    for n in range(5, 12):
        for k in range(1, 6):
            for s in range(1, 5):
                picture = np.ones((1, n, n, 1), "float32")
                down = layers.Conv2D(1, k, s, padding)(picture).shape[1]
                up = layers.Conv2DTranspose(1, k, s, padding)(picture).shape[1]
                assert down == space["down_size"](n, k, s, padding)
                assert up == space["up_size"](n, k, s, padding)


def test_checkerboard_is_the_share_of_what_alternates():
    checkerboard = chapter()["checkerboard"]
    sign = (-1.0) ** np.add.outer(np.arange(8), np.arange(8))
    assert checkerboard(sign[None]) == pytest.approx(1)
    assert checkerboard(np.ones((1, 8, 8))) == 0
    assert checkerboard((3 + sign)[None]) == pytest.approx(1 / 10)  # powers 9 and 1
    rows = np.tile((-1.0) ** np.arange(8)[:, None], 8)
    assert checkerboard(rows[None]) == checkerboard(rows.T[None]) == pytest.approx(1)
    noise = np.random.default_rng(0).standard_normal((4000, 8, 8))
    assert checkerboard(noise) == pytest.approx(
        15 / 64, rel=0.01
    )  # 15 of 64 frequencies


def test_slerp_is_the_great_circle():
    rng = np.random.default_rng(1)
    a, b = (x / np.linalg.norm(x) for x in rng.standard_normal((2, 64)))
    path = np.array(
        [chapter()["slerp"](a[None], b[None], t)[0] for t in np.linspace(0, 1, 7)]
    )
    np.testing.assert_allclose(
        path, geometric_slerp(a, b, np.linspace(0, 1, 7)), atol=1e-12
    )


def test_closer_is_fair_to_the_innocent_and_catches_a_memoriser():
    rng = np.random.default_rng(2)
    train, held_out, fresh = (rng.standard_normal((500, 5)) for _ in range(3))
    neighbours = NearestNeighbors(n_neighbors=1).fit(train)

    def share(suspects):
        return chapter()["closer"](suspects, held_out, neighbours, lambda rows: rows)

    def by_pairs(suspects):
        d, e = (
            np.linalg.norm(x[:, None] - train[None], axis=2).min(axis=1)
            for x in (suspects, held_out)
        )
        return np.mean(d[:, None] < e[None])

    assert (
        share(fresh) == pytest.approx(by_pairs(fresh)) == pytest.approx(0.5, abs=0.06)
    )
    assert share(train + 0.01 * rng.standard_normal(train.shape)) > 0.99
    assert share(3 * fresh) < 0.3


def test_shipped_generator_is_the_chapter_s_network_and_carries_its_scores():
    generator, card = zoo.load("04/digits-dcgan"), zoo.card("04/digits-dcgan")
    assert [w.shape for w in generator.get_weights()] == [
        w.shape for w in chapter()["build_generator"]().get_weights()
    ]
    assert card["chapter"] == "04"
    assert card["metrics"]["n_generated"] == 5000 and card["metrics"]["n_real"] == 1000
    latents = np.random.default_rng(0).standard_normal((64, 64)).astype("float32")
    pictures = np.array(generator(latents, training=False))
    assert pictures.shape == (64, 28, 28, 1) and np.abs(pictures).max() <= 1
    assert pictures.std(axis=0).mean() > 0.2  # 64 latents, many pictures
