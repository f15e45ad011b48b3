"""The live figure of chapter 18: its grammar, model and judge are Python's, and its
controls work.

A page for each test, in a real browser; what it computes is compared with
helpers.captions, helpers.shapes and the Keras model, and what it shows is read off its
canvases.
"""

import base64
import contextlib
import re
from dataclasses import replace

import numpy as np
import pytest

from helpers import captions, data, obedience, sampling, shapes, zoo
from helpers.store import packing, records

pytestmark = pytest.mark.site
NAME = "write-a-sentence"
THREE = replace(
    shapes.SMALL, name="three", backgrounds=tuple(shapes.BACKGROUNDS), cell=0, most=3
)
SORTS = (
    [("train", n) for n in (1, 2, 3)]
    + [("test", n) for n in (1, 2, 3)]
    + [("combinations", 1), ("combinations", 2), ("pairs", 2), ("relations", 2)]
)
MODULE = f"./live/{NAME}.js"
WIDTHS = pytest.mark.parametrize("width", [1280, 360])


def load_model():
    return (
        f"const m = await import('{MODULE}'); const p = await "
        f"m.painter('./live/{NAME}/');"
    )


def floats(text):
    """Return what the page packed as base64."""
    return np.frombuffer(base64.b64decode(text), np.float32)


PACK = """const pack = (x) => { const bytes = new Uint8Array(Float32Array.from(x).buffer);
  let text = ""; for (const b of bytes) text += String.fromCharCode(b); return btoa(text); };"""


@pytest.fixture(scope="module")
def written():
    """Scenes of all sorts, 80 of each: (sort, picture, sentence, scene)."""
    return [
        (sort, *row)
        for sort, n in SORTS
        for row in zip(*data.shapes(sort, 80, THREE, seed=18, objects=n), strict=True)
    ]


@pytest.fixture(scope="module")
def keras_model():
    return zoo.load("18/text-to-image-three")


@pytest.fixture(scope="module")
def code():
    return packing.values_of(records.shipped("18/three-code"))


# ---- sentences ----------------------------------------------------------------------


def demands(sentence):
    """Return what Python reads in a sentence, as the page tells it, or None if it
    refuses."""
    try:
        request = captions.parse(sentence, THREE)
    except ValueError:
        return None
    return {
        "demands": [
            {"count": d.count, "size": d.size, "colour": d.colour, "shape": d.shape}
            for d in request.demands
        ],
        "relation": request.relation,
        "background": request.background,
    }


def read_in_page(page, sentences):
    """Return for each sentence what the page reads in it, or its complaint."""
    return page.evaluate(
        f"""async (all) => {{ const m = await import('{MODULE}');
            return all.map((s) => {{ try {{ return m.parse(s); }} catch (e) {{ return e.message; }}
        }}); }}""",
        sentences,
    )


def test_sentences_demand_what_python_reads_in_them(live_page, written):
    page = live_page(NAME, touch=False)
    rng = np.random.default_rng(5)
    sentences = [row[2] for row in written]
    sentences += [
        s.capitalize().replace(" and ", ", and ") + "." for s in sentences[::9]
    ]
    broken = []
    for sentence in sentences[
        ::2
    ]:  # a word lost, doubled, exchanged, put elsewhere, unknown
        words = sentence.split()
        at, to = rng.integers(len(words), size=2)
        broken += [
            " ".join(of)
            for of in (
                words[:at] + words[at + 1 :],
                words[:at] + [words[to]] + words[at:],
                [*words[:at], captions.WORDS[rng.integers(44)], *words[at + 1 :]],
                words[:at],
            )
        ]
    broken += [
        "",
        "a red dog",
        "two red circle",
        "three red circles and a blue cross",
        "a red circle and a blue cross and a green square and a white cross",
        "there are a red circle",
        "left of a red circle are two blue squares",
    ]
    ours, theirs = [*map(demands, sentences)], read_in_page(page, sentences)
    assert None not in ours and theirs == ours
    ours, theirs = [*map(demands, broken)], read_in_page(page, broken)
    refused = [said for want, said in zip(ours, theirs, strict=True) if want is None]
    assert len(refused) > 500 and len([want for want in ours if want]) > 100
    assert [
        got for want, got in zip(ours, theirs, strict=True) if want and got != want
    ] == []
    for said in refused:  # one helpful sentence
        assert re.fullmatch(r"[A-Z][^.]*\.", said) and re.search(
            "not known here: the words are|does not fit|not finished|at most 3 "
            "objects|no sentence|cannot be read",
            said,
        )
    assert [
        w
        for w in captions.WORDS
        if w in page.evaluate(f"async () => (await import('{MODULE}')).WORDS")
    ] == list(captions.WORDS)


def test_suggestions_lead_to_sentences_that_python_accepts(live_page, written):
    page = live_page(NAME, touch=False)
    rng = np.random.default_rng(6)
    missing, walks, dead = page.evaluate(
        f"""async ([all, dice]) => {{ const m = await import('{MODULE}');
            const missing = [], walks = []; let dead = 0, k = 0;
            for (const sentence of all) {{
              const words = m.split(sentence);
              const {{good, done}} = m.follow(words);
              if (good < words.length || !done) missing.push(sentence);
            }}
            for (let i = 0; i < 600; i++) {{
              const walk = [];
              for (;;) {{
                const {{next, done}} = m.follow(walk);
                if (!next.length && !done) dead += 1;
                if (!next.length || (done && dice[k++ % dice.length] < 0.3)) break;
                const word = next[Math.floor(dice[k++ % dice.length] * next.length)];
                walk.push(...(i % 2 ? m.further(walk, word) : [word]));
              }}
              walks.push(walk.join(" "));
            }}
            return [missing, walks, dead]; }}""",
        [[row[2] for row in written], rng.random(9973).tolist()],
    )
    assert missing == [] and dead == 0
    assert len(set(walks)) > 400
    assert [
        walk for walk in walks if demands(walk) is None or len(walk.split()) > 22
    ] == []


def test_it_tells_what_training_never_showed(live_page, written):
    page = live_page(NAME, touch=False)
    told = page.evaluate(
        f"""async (all) => {{ {load_model()}
            return all.map((s) => m.neverShown(m.parse(s), p.facts.held)); }}""",
        [row[2] for row in written],
    )
    for (_, _, sentence, scene), never in zip(written, told, strict=True):
        kinds = {
            "pairs": any("together" in of for of in never),
            "combinations": any(
                f"a {' '.join(kind)}" in never for kind in shapes.HELD_OUT_COMBINATIONS
            ),
        }
        kinds["relations"] = len(never) > sum("together" in of for of in never) + sum(
            f"a {' '.join(kind)}" in never for kind in shapes.HELD_OUT_COMBINATIONS
        )
        assert {name for name, there in kinds.items() if there} == shapes.held_out(
            scene
        ), sentence


# ---- the model ----------------------------------------------------------------------


def spell(sentences):
    """Return word tokens as chapter 18 makes them."""
    number = {word: i for i, word in enumerate(captions.WORDS)}
    rows = np.full((len(sentences), 22), 187 + 44, "int32")
    for row, sentence in zip(rows, sentences, strict=True):
        words = captions.words(sentence)
        row[: len(words)] = [187 + number[word] for word in words]
    return rows


def decode(tokens, code):
    """Return the pictures of picture tokens, by mask * ink + (1 - mask) * paper."""
    paper = code["papers"][(tokens[:, 0] - 184).clip(0, 2)][:, None, None]
    mask = code["masks"][tokens[:, 1::2].clip(0, 175)][..., None]
    ink = code["inks"][(tokens[:, 2::2] - 176).clip(0, 7)][:, :, None]
    x = (mask * ink + (1 - mask) * paper).reshape(-1, 6, 6, 4, 4, 3)
    return x.transpose(0, 1, 3, 2, 4, 5).reshape(-1, 24, 24, 3)


def test_the_model_is_that_of_keras(live_page, written, keras_model, code):
    page = live_page(NAME, touch=False)
    sentences = [row[2] for row in written[::50]]
    assert len(sentences) == 16
    words = spell(sentences)
    guides = {
        1.0: {},
        **{
            scale: {"unconditional": np.full_like(words, 231), "guidance_scale": scale}
            for scale in (1.5, 3.0)
        },
    }
    rows = {
        scale: sampling.sample(
            keras_model, words, 73, temperature=0, allowed=(0, 187), **guide
        )
        for scale, guide in guides.items()
    }
    found = page.evaluate(
        f"""async (all) => {{ {load_model()} {PACK}
            return all.map((s, i) => {{
              const row = (scale) => p.all(s, {{scale, temperature: 0}})[0];
              const main = row(1.5), whole = [...p.spell(s), ...main.slice(0, -1)];
              return {{words: p.spell(s), 1.5: main,
                ...(i % 4 ? {{}} : {{1: row(1), 3: row(3)}}),
                logits: pack(p.model.run(whole)), picture: pack(p.decode(main))}}; }}); }}""",
        sentences,
    )
    assert [of["words"] for of in found] == words.tolist()
    for scale, name, step in ((1.5, "1.5", 1), (1.0, "1", 4), (3.0, "3", 4)):
        assert [of[name] for of in found[::step]] == rows[scale][::step, 22:].tolist()
    wanted = keras_model(rows[1.5][:, :-1]).numpy()
    logits = np.array([floats(of["logits"]) for of in found]).reshape(wanted.shape)
    pictures = np.array([floats(of["picture"]) for of in found]).reshape(16, 24, 24, 3)
    apart = [
        np.abs(logits - wanted).max(),
        np.abs(pictures - decode(rows[1.5][:, 22:], code)).max(),
    ]
    print(f"largest difference: logits {apart[0]:.1e}, pictures {apart[1]:.1e}")
    assert apart[0] < 2e-3 and apart[1] < 2e-3


def test_draws_are_seeded_and_follow_the_chances(live_page, keras_model):
    page = live_page(NAME, touch=False)
    one, same, other, first = page.evaluate(
        f"""async () => {{ {load_model()}
            const how = {{count: 2, scale: 1.5, temperature: 0.5}};
            const at = (seed) => p.all("two red circles", {{...how, seed}});
            const first = [];
            for (let seed = 0; seed < 600; seed += 100) {{
              const rows = [];
              const work = p.paint(p.spell("two red circles"), {{count: 50, scale: 1.5,
                temperature: 1, seed, rows}});
              while (work.next().value !== "token");
              first.push(...rows.map((row) => row[0]));
            }}
            return [at(3), at(3), at(4), first]; }}"""
    )
    assert one == same != other and one[0] != one[1]
    pair = np.concatenate([spell(["two red circles"]), np.full((1, 22), 231)])
    c, u = keras_model(pair).numpy()[:, -1, :187].astype(float)
    chances = np.exp(u + 1.5 * (c - u))
    chances = (chances / chances.sum())[184:]  # of the three papers
    shares = np.bincount(first, minlength=187)[184:] / len(first)
    assert np.abs(shares - chances).max() < 4 * 0.5 / len(first) ** 0.5


# ---- the judge ----------------------------------------------------------------------


def test_the_judge_is_pythons(live_page, written, keras_model, code):
    page = live_page(NAME, touch=False)
    rng = np.random.default_rng(7)
    pictures, asked = [], []
    for i, (_, picture, sentence, _) in enumerate(written[::5]):
        spoilt = picture.copy()
        for _ in range(
            rng.integers(1, 4)
        ):  # a few pixels of another colour, or of none
            spoilt[tuple(rng.integers(24, size=2))] = picture[
                tuple(rng.integers(24, size=2))
            ]
        if i % 3 == 0:
            spoilt[tuple(rng.integers(24, size=2))] = rng.uniform(-1, 1, 3)
        if i % 7 == 0:
            spoilt += rng.normal(0, 0.2, spoilt.shape)
        other = written[(5 * i + 83) % len(written)][2]
        pictures += [picture, picture, spoilt.clip(-1, 1)]
        asked += [sentence, other, sentence]
    painted = [row[2] for row in written[3::13]]
    words = spell(painted)
    tokens = sampling.sample(keras_model, words, 73, allowed=(0, 187), seed=1)[:, 22:]
    pictures = np.concatenate([np.float32(pictures), decode(tokens, code)])
    asked += painted
    found = page.evaluate(
        f"""async ([packed, asked]) => {{ const m = await import('{MODULE}');
            const all = new Float32Array(
              Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)).buffer);
            return asked.map((sentence, i) => {{
              const picture = all.subarray(1728 * i, 1728 * i + 1728);
              const scene = m.read(picture), request = m.parse(sentence);
              return {{scene, met: m.meets(scene, request), told: m.judge(picture, request)}};
            }}); }}""",
        [base64.b64encode(pictures.tobytes()).decode(), asked],
    )
    unread, obeyed = 0, 0
    for picture, sentence, got in zip(pictures, asked, found, strict=True):
        scene = obedience.read(picture, THREE)
        wanted = scene and {
            "background": scene.background,
            "objects": [
                {
                    name: getattr(o, name)
                    for name in ("shape", "colour", "size", "row", "col")
                }
                for o in scene.objects
            ],
        }
        met = obedience.obeys(picture, sentence, THREE)
        assert got["scene"] == wanted and got["met"] == met
        assert (
            got["told"]["obeys"] == met["all"]
            and (got["told"]["why"] == "obeys") == met["all"]
        )
        unread, obeyed = unread + (scene is None), obeyed + met["all"]
    assert unread > 30 and obeyed > 150 and len(found) - unread - obeyed > 100


# ---- the figure ---------------------------------------------------------------------


def line(page):
    return page.tab.locator(".live-say")


def heard(page, words):
    """Wait until the figure says something with these words; return all it says."""
    page.tab.wait_for_function(
        "words => document.querySelector('.live-say').textContent.includes(words)",
        arg=words,
    )
    return line(page).text_content()


def wait_painted(page, sentence):
    """Wait until the pictures of a sentence are judged; return their labels."""
    page.tab.wait_for_function(
        """s => { const all = [...document.querySelectorAll('figure canvas')];
                  return all.length && all.every(c => c.ariaLabel.includes(`“${s}”: it`)); }""",
        arg=sentence,
    )
    return [
        c.get_attribute("aria-label") for c in page.tab.locator("figure canvas").all()
    ]


@contextlib.contextmanager
def painted_anew(page):
    """Wait, after what is done inside, until the old pictures were taken away."""
    page.evaluate(
        """() => { window.emptied = false;
            const look = () => {
                const all = [...document.querySelectorAll("figcaption")];
                window.emptied ||= all.some(one => !one.textContent);
            };
            new MutationObserver(look).observe(document.querySelector(".live-stage"),
                {subtree: true, childList: true, characterData: true}); }"""
    )
    yield
    page.tab.wait_for_function("window.emptied")


def shown(page):
    """Read the pictures off their canvases, in the middle of each of their 24 x 24
    pixels."""
    page.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => "
        "requestAnimationFrame(r)))"
    )
    found = page.evaluate(
        """() => [...document.querySelectorAll('figure canvas')].map((c) => {
             const copy = new OffscreenCanvas(c.width, c.height), out = [];
             const context = copy.getContext('2d', {willReadFrequently: true});
             context.drawImage(c, 0, 0);
             const d = context.getImageData(0, 0, c.width, c.height);
             for (let i = 0; i < 24; i++) for (let j = 0; j < 24; j++) {
               const at = 4 * (Math.floor((i + .5) * c.height / 24) * c.width
                               + Math.floor((j + .5) * c.width / 24));
               out.push(...d.data.slice(at, at + 3));
             }
             return out; })"""
    )
    return np.float32(found).reshape(-1, 24, 24, 3) / 127.5 - 1


def agree(page, sentence):
    """Assert that the labels and the count that is said are Python's word on what is
    shown."""
    labels = wait_painted(page, sentence)
    met = [obedience.obeys(picture, sentence, THREE)["all"] for picture in shown(page)]
    assert [": it obeys" in of for of in labels] == met
    verb = "obeys" if sum(met) == 1 else "obey"
    heard(page, f"{sum(met)} of {len(met)} {verb} “{sentence}”.")
    return labels


FIRST = "two red circles and a white cross"  # what it paints when it wakes


def button(page, name):
    return page.tab.get_by_role("button", name=name, exact=True)


def sentence_box(page):
    return page.tab.get_by_role("textbox", name="Your sentence")


def slide(page, name):
    return page.tab.get_by_role("slider", name=name)


@WIDTHS
def test_mouse_and_finger_reach_everything(live_page, width):
    page = live_page(NAME, width=width, reduced_motion="reduce")  # as fast as it can
    press = (
        (lambda where: where.tap()) if width < 600 else (lambda where: where.click())
    )
    assert len(agree(page, FIRST)) == 4
    assert np.abs(shown(page)).max() <= 1
    for name, sentence in (
        ("one object", "a small pink cross"),
        ("never shown", "a yellow circle above a blue triangle"),
        ("a relation", "a small white cross right of a big green circle"),
        ("three objects", "two red circles and a white cross"),
    ):
        press(button(page, name))
        assert sentence_box(page).input_value() == sentence
        assert len(agree(page, sentence)) == (4 if name == "one object" else 2)
        press(page.tab.locator(".live-option", has_text="2"))
        assert page.tab.get_by_text(
            "Never shown in training: a yellow circle, a blue triangle."
        ).first.is_visible() == (name == "never shown")
    press(button(page, "Remove the last word"))
    assert sentence_box(page).input_value().strip() == "two red circles and a white"
    for chip in ("square", "on a", "grey", "Paint"):  # "grey" brings its "background"
        press(button(page, {"grey": "grey background"}.get(chip, chip)))
    sentence = "two red circles and a white square on a grey background"
    agree(page, sentence)
    first = shown(page)
    with painted_anew(page):
        press(button(page, "Again"))
    agree(page, sentence)
    assert np.abs(shown(page) - first).max() > 0.5
    first = shown(page)
    for count in (1, 4, 2):
        press(page.tab.locator(".live-option", has_text=str(count)))
        page.tab.wait_for_function(
            "n => document.querySelectorAll('figure canvas').length === n", arg=count
        )
        agree(page, sentence)
        assert np.array_equal(shown(page)[:2], first[:count])  # the same random numbers
    sentence_box(page).fill("draw")  # not painted: the knobs stay with what was
    for name, by in (("Guidance scale", 0.9), ("Temperature", 0.02)):
        first, box = shown(page), slide(page, name).bounding_box()
        with painted_anew(page):
            slide(page, name).click(
                position={"x": by * box["width"], "y": box["height"] / 2}
            )
        wait_painted(page, sentence)
        assert np.abs(shown(page) - first).max() > 0.5
    assert (
        slide(page, "Temperature").get_attribute("aria-valuetext") == "0, the likeliest"
    )
    assert np.ptp(shown(page), axis=0).max() == 0
    assert "At temperature 0 all samples are one." in heard(page, "At temperature 0")
    for fold in ("How it works here", "What it has learnt, and what not"):
        press(page.tab.get_by_text(fold))
    obeyed = zoo.card("18/text-to-image-three")["metrics"]["obeyed"]["seen, 3"][0]
    assert f"three objects{100 * obeyed:.1f} %" in page.tab.locator(
        "table"
    ).inner_text().replace("\t", "")
    assert sentence_box(page).input_value() == "draw"
    words = page.tab.locator(".write-a-sentence-words span").all_inner_texts()
    assert words == [*sentence.split(), "blank × 11"]
    whole, strip = shown(page), page.pixels("details canvas")
    box = slide(page, "Token").bounding_box()
    slide(page, "Token").click(
        position={"x": 0.5 * box["width"], "y": box["height"] / 2}
    )
    half = shown(page)
    assert np.array_equal(half[:, :10], whole[:, :10])
    assert np.abs(half[:, 14:] - whole[:, 14:]).max() > 0.05  # hatched again
    assert page.pixels("details canvas") != strip
    assert not page.too_wide() and page.unnamed() == []
    small = page.evaluate(
        """[...document.querySelectorAll('.live-stage button, .live-stage summary, textarea')]
           .filter(e => e.getBoundingClientRect().height < 40).map(e => e.outerHTML)"""
    )
    assert small == []


@WIDTHS
def test_the_keyboard_reaches_everything(live_page, width):
    page = live_page(NAME, width=width, reduced_motion="reduce")
    wait_painted(page, FIRST)  # else its verdict may come right over what a key says
    keys = page.tab.keyboard
    assert page.evaluate("document.activeElement.textContent") == "one object"
    for _ in range(4):
        keys.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    keys.press("Control+A")
    keys.type("a yel")
    assert page.tab.get_by_role("toolbar").get_by_role("button").all_inner_texts() == [
        "yellow",
        "⌫",
    ]
    for _ in range(2):
        keys.press("Tab")  # over Paint, to the words
    focus = "document.activeElement.ariaLabel || document.activeElement.textContent"
    assert page.evaluate(focus) == "yellow"
    keys.press("Enter")
    assert sentence_box(page).input_value() == "a yellow "
    assert page.evaluate(focus) == "circle"
    heard(page, "“a yellow”")
    for key, word in (
        ("ArrowRight", "square"),
        ("End", "Remove the last word"),
        ("ArrowRight", "circle"),
        ("ArrowLeft", "Remove the last word"),
        ("Home", "circle"),
        ("ArrowDown", "square"),
        ("ArrowUp", "circle"),
    ):
        keys.press(key)
        assert page.evaluate(focus) == word
    keys.press("Space")
    assert sentence_box(page).input_value() == "a yellow circle "
    keys.press("Shift+Tab")
    assert page.evaluate(focus) == "Paint"
    keys.press("Enter")
    agree(page, "a yellow circle")
    sentence_box(page).focus()
    keys.press("Control+End")
    keys.type("below a red cross")
    keys.press("Enter")
    sentence = "a yellow circle below a red cross"
    assert sentence_box(page).input_value() == sentence  # no line was broken
    agree(page, sentence)
    page.tab.locator(".live-option input:checked").focus()
    keys.press("ArrowLeft")
    page.tab.wait_for_function(
        "document.querySelectorAll('figure canvas').length === 2"
    )
    agree(page, sentence)
    for name, key in (("Guidance scale", "End"), ("Temperature", "Home")):
        slide(page, name).focus()
        said = slide(page, name).get_attribute("aria-valuetext")
        with painted_anew(page):
            keys.press(key)
            assert slide(page, name).get_attribute("aria-valuetext") != said
        wait_painted(page, sentence)
    assert np.ptp(shown(page), axis=0).max() == 0
    with painted_anew(page):
        slide(page, "Temperature").press("End")
    wait_painted(page, sentence)
    first = shown(page)
    assert np.ptp(first, axis=0).max() > 0.5
    button(page, "Again").focus()
    with painted_anew(page):
        keys.press("Enter")
    agree(page, sentence)
    assert np.abs(shown(page) - first).max() > 0.5
    keys.press("Tab")
    keys.press("Enter")  # opens the fold
    keys.press("Tab")
    assert page.evaluate(
        "document.activeElement === document.querySelector('details input')"
    )
    whole = shown(page)
    for _ in range(3):
        keys.press("ArrowLeft")
    assert (
        slide(page, "Token")
        .get_attribute("aria-valuetext")
        .startswith("70 of 73: mask ")
    )
    part = shown(page)
    assert np.array_equal(part[:, :20], whole[:, :20]) and not np.array_equal(
        part, whole
    )
    keys.press("Home")
    assert slide(page, "Token").get_attribute("aria-valuetext") == "0 of 73"
    keys.press("Tab")
    keys.press("Enter")
    assert page.tab.locator("table").is_visible()
    assert not page.too_wide()


@WIDTHS
def test_painting_can_be_stopped(live_page, width):
    page = live_page(NAME, width=width)
    wait_painted(page, FIRST)
    page.tab.clock.install()
    page.tab.clock.pause_at(page.evaluate("Date.now() + 1000"))
    button(page, "Paint").click()
    page.tab.clock.run_for(700)  # half of what a picture takes
    button(page, "Stop").focus()
    page.tab.keyboard.press("Space")
    page.tab.clock.run_for(2000)
    told = int(
        re.fullmatch(r"Stopped after (\d+) of 73 tokens\.", line(page).text_content())[
            1
        ]
    )
    assert 20 < told < 60
    assert page.tab.locator("details input").input_value() == str(told)
    assert (
        page.evaluate("document.activeElement.textContent") == "Again"
    )  # focus is not lost
    labels = [
        c.get_attribute("aria-label") for c in page.tab.locator("figure canvas").all()
    ]
    assert all(of.endswith("not finished") for of in labels)
    page.tab.keyboard.press("Space")
    page.tab.clock.run_for(5000)
    labels = [
        c.get_attribute("aria-label") for c in page.tab.locator("figure canvas").all()
    ]
    assert all("obey" in of for of in labels)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_when_it_wakes_it_paints_once_by_itself(live_page, motion):
    page = live_page(NAME, width=360, reduced_motion=motion)
    assert sentence_box(page).input_value() == FIRST
    assert len(agree(page, FIRST)) == 4
    before = shown(page)
    page.frames(60)
    assert np.array_equal(shown(page), before)


def test_above_the_pictures_stands_whose_they_are(live_page):
    page = live_page(NAME, reduced_motion="reduce")
    box, caption = sentence_box(page), page.tab.locator("figcaption").first
    whose = page.tab.locator(".write-a-sentence-whose")
    faint = """[...document.querySelectorAll('figure canvas')].map((e) => {
        let all = 1;
        for (; e; e = e.parentElement) all *= getComputedStyle(e).opacity;
        return all; })"""
    agree(page, FIRST)
    button(page, "one object").click()
    agree(page, "a small pink cross")
    for text in ("a small pink", "a small pink cross", "a purple dog", "circel", ""):
        box.fill(text)
        assert whose.inner_text() == "“a small pink cross”" and whose.is_visible()
        assert caption.is_visible() and set(page.evaluate(faint)) == {1}
        box.press("Enter")
        if text == "circel":
            assert whose.inner_text() == "“a small pink cross”"
            assert set(page.evaluate(faint)) == {1}
        page.tab.wait_for_selector(".live-stage[data-settled=yes]")
        button(page, "one object").click()
        agree(page, "a small pink cross")
    box.fill(
        "a purple dog"
    )  # the chips and the sentence below them speak of the same word
    assert page.tab.get_by_text("In place of “purple”").is_visible()
    assert page.tab.locator(".write-a-sentence-hint").text_content() == (
        "The word “purple” does not fit here."
    )


UNKNOWN = [
    ("circel", "I do not know “circel”. Did you mean circle?"),
    ("a red traingle", "I do not know “traingle”. Did you mean triangle?"),
    ("two red circls", "I do not know “circls”. Did you mean circles?"),
    ("a red circls", "I do not know “circls”. Did you mean circle?"),
    ("a gren cross", "I do not know “gren”. Did you mean green?"),
    ("a bleu cross", "I do not know “bleu”. Did you mean blue?"),
    ("a Smal red cross", "I do not know “smal”. Did you mean small?"),
    ("a red sqare!", "I do not know “sqare”. Did you mean square?"),
    (
        "a red crss lft of a blue square",
        "I do not know “crss”. Did you mean cross?",
    ),
    ("a red circle abve a blue cross", "I do not know “abve”. Did you mean above?"),
    ("a red dog", "I do not know “dog”."),
    ("a red 圆", "I do not know “圆”."),
    ("ten elephants", "I do not know “ten”."),
]


def test_a_word_that_it_has_not_is_named_with_the_nearest(live_page):
    page = live_page(NAME, reduced_motion="reduce")
    agree(page, FIRST)
    hint, fold = (
        page.tab.locator(".write-a-sentence-hint"),
        page.tab.get_by_text(f"All {len(captions.WORDS)} words"),
    )
    every = page.tab.get_by_text(", ".join(captions.WORDS), exact=True)
    assert not fold.is_visible()
    for sentence, told in UNKNOWN:
        sentence_box(page).fill(sentence)
        for press in (False, True):
            if press:
                sentence_box(page).press("Enter")
            said = hint.text_content()
            assert said == told or (
                told.endswith("”.") and said.startswith(f"{told} Did")
            )
            assert len(said) < 60
            assert fold.is_visible()
        heard(page, f"Nothing was painted. {said}")
    assert not every.is_visible()  # folded
    fold.click()
    assert every.is_visible() and not page.too_wide()
    sentence_box(page).fill("a red circle")
    assert hint.text_content() == "" and not fold.is_visible()


@WIDTHS
def test_a_sentence_it_cannot_read_breaks_nothing(live_page, width):
    page = live_page(NAME, width=width, reduced_motion="reduce")
    box, hint = sentence_box(page), page.tab.locator(".write-a-sentence-hint")
    page.tab.get_by_role("radio", name="1", exact=True).check()
    button(page, "Paint").click()
    agree(page, "two red circles and a white cross")
    before = shown(page)
    box.fill("a red dog left of a blue cross")
    assert hint.text_content() == "I do not know “dog”."
    assert button(page, "triangle").is_visible()  # what may stand there
    box.press("Enter")
    assert hint.text_content() == "I do not know “dog”."
    assert box.get_attribute("aria-invalid") == "true"
    heard(page, "Nothing was painted. I do not know “dog”.")
    assert np.array_equal(shown(page), before)
    assert not page.too_wide()
    button(page, "triangle").click()
    assert box.input_value().strip() == "a red triangle left of a blue cross"
    assert box.get_attribute("aria-invalid") is None and hint.text_content() == ""
    for sentence, said in (
        ("", "must have 1 to 22 words, not 0"),
        ("a " * 23, "must have 1 to 22 words, not 23"),
    ):
        box.fill(sentence)
        box.press("Enter")
        assert said in hint.text_content()
    assert np.array_equal(shown(page), before)
    for sentence, said in (
        (
            "red red circle blue",
            "The word “red” does not fit: at the start may come a, one,",
        ),
        (
            "a big red",
            "The sentence is not finished: after “a big red” may come circle,",
        ),
        ("three red circles and a cross", "after “three red circles” may come on."),
        (
            "three red circles and a blue cross",
            "at most 3 objects here: ask for fewer.",
        ),
    ):
        box.fill(sentence)
        box.press("Enter")
        assert said in hint.text_content()
        page.tab.locator(
            f"canvas[aria-label='Picture 1 of 1 for “{sentence}”']"
        ).wait_for()
        assert np.abs(shown(page) - before).max() > 0.5
        before = shown(page)
        assert page.tab.locator("figcaption").all_inner_texts() == [""]
    heard(page, "whether these obey nobody can say")


def test_nothing_moves_by_itself_nor_piecewise_under_reduced_motion(live_page):
    page = live_page(NAME, reduced_motion="reduce")
    agree(page, FIRST)
    before = shown(page)
    for _ in range(3):
        assert np.array_equal(shown(page), before)
    page.evaluate(
        """() => { window.steps = []; const token = document.querySelector('details input');
             new MutationObserver(() => window.steps.push(Number(token.value)))
               .observe(token, {attributeFilter: ['aria-valuetext']}); }"""
    )
    button(page, "Paint").click()
    agree(page, "two red circles and a white cross")
    assert page.evaluate("window.steps") == [73]  # at once, when they are whole


@WIDTHS
def test_what_it_says_of_a_sentence_is_for_everybody(live_page, width):
    page = live_page(NAME, width=width)
    button(page, "never shown").click()
    wait_painted(page, "a yellow circle above a blue triangle")
    page.unfold()
    for theme in ("light", "dark"):
        for sentence in ("a yellow circle above a blue triangle", "", "a red dog"):
            sentence_box(page).fill(sentence)
            assert page.serious(theme) == [], sentence
