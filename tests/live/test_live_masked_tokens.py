"""Tests of the live figure of chapter 17: the model and its steps against Keras and
NumPy."""

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import expect

from book.identity import ROOT
from helpers import data, tokenizer, zoo

pytestmark = pytest.mark.site
CELL, SAY = ".tokens-cell", ".live-say"
NONE, MASK = 138, 139
MODEL = """async ({rows, kind, order, hole}) => {
    const {open, Transformer, Tokenizer, fill, left} = await import("./live/masked-tokens.js");
    const file = await open("live/masked-tokens/"), model = new Transformer(file);
    const empty = new Int32Array(49).fill(-1), greedy = {temperature: 0, steps: 8, scale: 1.5};
    return {logits: rows.map((row) => [...model.run(row)]),
        ordered: [...fill(model, empty, kind, {...greedy, order})],
        surest: [...fill(model, empty, kind, {...greedy, noise: 0})],
        mended: [...fill(model, hole, null, {...greedy, order})],
        pictures: rows.slice(0, 4).map((row) =>
            [...new Tokenizer(file).decode(row.slice(1).map((t) => Math.min(t, 127)))]),
        left: [1, 4, 8].map((n) => Array.from({length: n}, (_, k) => left(49, k + 1, n)))};
}"""


def button(page, name):
    return page.tab.get_by_role("button", name=name, exact=True)


def labels(page):
    return page.tab.locator(CELL).evaluate_all("all => all.map(c => c.ariaLabel)")


def hidden(page):
    """Return the places that are hidden."""
    return [i for i, label in enumerate(labels(page)) if "hidden" in label]


def codes(page):
    """Return the codes of the places that are settled, by place."""
    return {
        i: int(label.split("code ")[1].split(",")[0])
        for i, label in enumerate(labels(page))
        if "code" in label
    }


def wait_hidden(page, count):
    page.tab.wait_for_function(
        """count => [...document.querySelectorAll('.tokens-cell')].filter(
               c => c.ariaLabel.includes('hidden')).length === count""",
        arg=count,
    )


def emptied(page):
    """Hide what the figure fills by itself when it wakes."""
    button(page, "Hide all").click()
    wait_hidden(page, 49)
    return page


@pytest.fixture(scope="module")
def strokes():
    """Return the chapter's own generator of steps: its two cells are executed."""
    book = nbformat.read(ROOT / "notebooks" / "17_masked_tokens.ipynb", as_version=4)
    scope = {
        "np": np,
        "tf": tf,
        "CODES": 128,
        "LENGTH": 49,
        "NONE": NONE,
        "MASK": MASK,
        "STEPS": 8,
        "SCALE": 1.5,
        "look": None,
    }
    for title in ("Guidance", "Strokes"):
        (source,) = (
            cell.source
            for cell in book.cells
            if cell.source.startswith(f"#@title {title}\n")
        )
        exec(source, scope)
    return scope["strokes"]


class Settled:
    """Stand in for the generator of random numbers: tokens by chances, places by
    `order`."""

    def __init__(self, order):
        self.order = order

    def gumbel(self, size):
        if len(size) == 3 or self.order is None:
            return np.zeros(size)
        return -np.argsort(self.order)[None].astype(float)


@pytest.fixture
def greedy(strokes, monkeypatch):
    """Fill a row (50) by the likeliest tokens in the chapter's steps; `order`, or the
    surest."""

    def fill(model, row, steps, scale, order=None):
        with monkeypatch.context() as patch:
            patch.setattr(np.random, "default_rng", lambda seed: Settled(order))
            *_, last = strokes(
                row[None],
                steps=steps,
                scale=scale,
                network=model,
                noise=0.0 if order is None else None,
            )
        return last[0, 1:]

    return fill


def test_model_and_steps_are_those_of_the_chapter(live_page, strokes, greedy):
    page = live_page("masked-tokens", touch=False)
    model, helper = zoo.load("17/fashion-masked-tokens"), tokenizer.load("fashion")
    pictures, kinds = data.fashion("validation")
    rng = np.random.default_rng(0)
    tokens = helper.encode(pictures[:16])
    rows = np.concatenate([128 + kinds[:16, None], tokens], axis=1).astype("int32")
    rows[:, 1:][rng.random((16, 49)) < np.linspace(0, 1, 16)[:, None]] = MASK
    rows[::4, 0] = NONE
    order = rng.permutation(49)
    hole = tokens[0].copy()
    hole[[16, 17, 18, 23, 24, 25, 30, 31, 32]] = -1
    found = page.evaluate(
        MODEL,
        {
            "rows": rows.tolist(),
            "kind": 7,
            "order": order.tolist(),
            "hole": hole.tolist(),
        },
    )
    expected = np.asarray(model(rows))
    difference = np.abs(np.reshape(found["logits"], expected.shape) - expected).max()
    print(
        f"logits: largest difference {difference:.1e} of {np.abs(expected).max():.0f}"
    )
    assert difference < 2e-3
    empty = np.array([128 + 7] + [MASK] * 49)
    assert found["ordered"] == greedy(model, empty, 8, 1.5, order).tolist()
    assert found["surest"] == greedy(model, empty, 8, 1.5).tolist()
    assert found["ordered"] != found["surest"]
    row = np.concatenate([[NONE], np.where(hole < 0, MASK, hole)])
    assert found["mended"] == greedy(model, row, 8, 1.0, order).tolist()
    shown = helper.decode(np.minimum(rows[:4, 1:], 127))
    assert np.abs(np.reshape(found["pictures"], shown.shape) - shown).max() < 2e-3
    for steps, counts in zip((1, 4, 8), found["left"], strict=True):
        drawn = strokes(
            empty[None], steps=steps, network=lambda r: tf.zeros((len(r), 50, 140))
        )
        assert counts == [(state[:, 1:] == MASK).sum() for state in drawn]


def test_the_shipped_clothes_are_tokens_of_test_pictures(live_page):
    page = live_page("masked-tokens")
    page.tab.get_by_label("a real boot").check(force=True)
    tokens = tokenizer.load("fashion").encode(data.fashion("test")[0])
    shown = codes(page)
    assert (tokens == [shown[i] for i in range(49)]).all(axis=1).sum() == 1


@pytest.mark.parametrize("width", [1280, 360])
def test_mouse_or_finger_fill_hide_and_mend(live_page, width):
    page = emptied(live_page("masked-tokens", width=width))
    summary = page.tab.locator("summary")
    shown = page.tab.get_by_label("Show the tokens").is_visible()
    assert shown == (width > 600)
    summary.click()
    assert page.tab.get_by_label("Show the tokens").is_visible() != shown
    before = page.pixels()
    button(page, "Step").click()
    wait_hidden(page, 48)  # floor(49 cos(pi / 16)) = 48
    assert page.pixels() != before
    expect(page.tab.locator(SAY)).to_contain_text("Step 1 of 8: 1 of 49")
    assert "guessed" in labels(page)[hidden(page)[0]]
    one = codes(page)
    button(page, "Step").click()
    wait_hidden(page, 45)
    assert one.items() <= codes(page).items()  # what is settled stays
    expect(
        page.tab.get_by_role("img", name="8 steps: 1, 3, 5, 6, 7, 9, 9, 9; 2 done")
    ).to_be_visible()
    page.tab.get_by_label("2", exact=True).check(force=True)
    assert len(hidden(page)) == 49  # another number of steps starts anew
    button(page, "Fill").click()
    wait_hidden(page, 0)
    expect(page.tab.locator(SAY)).to_contain_text("All 49 tokens are settled")
    first = codes(page)
    button(page, "Fill again").click()
    page.tab.wait_for_function(
        "() => document.querySelector('.live-main').textContent === 'Pause'"
    )
    wait_hidden(page, 0)
    button(page, "Fill again").wait_for()
    assert codes(page) != first
    page.tab.get_by_label("a real pullover").check(force=True)
    real = codes(page)
    assert page.tab.get_by_label("none", exact=True).is_checked() and len(real) == 49
    assert button(page, "Fill").is_disabled() and button(page, "Step").is_disabled()
    tile = page.tab.locator(CELL).nth(24)
    press = tile.tap if width < 600 else tile.click
    press()
    assert hidden(page) == [24]
    press()  # and back
    assert codes(page) == real
    box = page.tab.locator(".tokens-grid").bounding_box()
    side = box["width"] / 7
    page.tab.mouse.move(box["x"] + side / 2, box["y"] + 2.5 * side)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 6.5 * side, box["y"] + 2.5 * side)
    page.tab.mouse.up()
    assert hidden(page) == [14, 15, 16, 17, 18, 19, 20]
    expect(page.tab.locator(SAY)).to_contain_text("7 of 49 places are hidden")
    page.tab.get_by_label("a real pullover").check(force=True)
    assert codes(page) == real
    button(page, "Hide the middle").click()
    assert hidden(page) == [16, 17, 18, 23, 24, 25, 30, 31, 32]
    button(page, "Fill").click()
    wait_hidden(page, 0)
    mended = codes(page)
    assert {
        i: mended[i] for i in range(49) if i not in (16, 17, 18, 23, 24, 25, 30, 31, 32)
    } == {
        i: real[i] for i in range(49) if i not in (16, 17, 18, 23, 24, 25, 30, 31, 32)
    }
    page.tab.get_by_label("dress", exact=True).check(force=True)
    assert len(hidden(page)) == 9  # another class: back to the hole
    button(page, "Hide all").click()
    assert len(hidden(page)) == 49 and button(page, "Hide all").is_disabled()
    assert not page.too_wide() and page.unnamed() == []


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_alone_does_it_all(live_page, width):
    page = live_page("masked-tokens", width=width)
    press = page.tab.keyboard.press
    press("ArrowRight")  # the focus is put on the chosen class
    assert page.tab.get_by_label("none", exact=True).is_checked()
    press("ArrowRight")
    assert page.tab.get_by_label("T-shirt", exact=True).is_checked()
    assert len(hidden(page)) == 49  # another class ends what it does by itself
    page.tab.get_by_label("8", exact=True).focus()
    press("ArrowLeft")
    press("ArrowLeft")
    expect(page.tab.get_by_text("settled in each of 2 steps")).to_be_visible()
    if width < 600:  # where there is room it is open
        page.tab.locator("summary").focus()
        press("Enter")
    page.tab.get_by_label("by chance").focus()
    press("ArrowRight")
    assert page.tab.get_by_label("the surest").is_checked()
    for label, key, told in (
        ("Temperature", "Home", "0: the likeliest"),
        ("Guidance scale", "End", "5.00"),
    ):
        page.tab.get_by_label(label).focus()
        press(key)
        assert page.tab.get_by_label(label).get_attribute("aria-valuetext") == told
    button(page, "Step").focus()
    press("Enter")
    wait_hidden(page, 34)  # floor(49 cos(pi / 4))
    button(page, "Go on").focus()
    press("Enter")
    wait_hidden(page, 0)
    page.tab.get_by_label("Show the tokens").focus()
    press("Space")
    assert [int(t) for t in page.tab.locator(CELL).all_inner_texts()] == list(
        codes(page).values()
    )
    page.tab.locator(f"{CELL}[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter", "ArrowRight", " "):
        press(key)
    assert hidden(page) == [8, 9]
    press("Enter")
    assert hidden(page) == [8]
    button(page, "Hide the middle").focus()
    press("Enter")
    assert len(hidden(page)) == 10
    button(page, "Fill").focus()
    press("Enter")
    wait_hidden(page, 0)
    page.tab.get_by_label("a real T-shirt").focus()
    press("Space")
    assert page.tab.get_by_label("none", exact=True).is_checked() and not hidden(page)
    button(page, "Hide all").focus()
    press("Enter")
    assert len(hidden(page)) == 49


def test_order_temperature_and_guidance_reach_the_model(live_page, greedy):
    page = emptied(live_page("masked-tokens"))
    page.tab.get_by_label("1", exact=True).check(force=True)
    page.tab.get_by_label("Temperature").fill("0")
    results = []
    for scale in ("1.5", "1.5", "5"):
        page.tab.get_by_label("Guidance scale").fill(scale)
        button(page, "Hide all").click() if results else None
        button(page, "Step").click()
        wait_hidden(page, 0)
        results.append(codes(page))
    assert (
        results[0] == results[1] != results[2]
    )  # at temperature 0 nothing is left to chance
    page.tab.get_by_label("2", exact=True).check(force=True)
    page.tab.get_by_label("Guidance scale").fill("1.5")
    page.tab.get_by_label("the surest").check(force=True)
    button(page, "Fill").click()
    wait_hidden(page, 0)
    row = np.array([128 + 9] + [MASK] * 49)
    assert (
        list(codes(page).values())
        == greedy(zoo.load("17/fashion-masked-tokens"), row, 2, 1.5).tolist()
    )


def test_playing_pauses_and_goes_on(live_page):
    page = emptied(live_page("masked-tokens", width=360))
    page.tab.get_by_label("16", exact=True).check(force=True)
    button(page, "Fill").click()
    page.tab.wait_for_function(
        "() => document.querySelector('.live-say').textContent"
        ".match(/Step [2-9] of 16/)"
    )
    button(page, "Pause").click()
    page.frames(5)  # the step that was being computed may still come in
    page.tab.wait_for_function(
        "() => document.querySelector('.live-main').textContent === 'Go on'"
    )
    page.frames(30)
    count = len(hidden(page))
    page.frames(30)
    assert len(hidden(page)) == count and 0 < count < 49
    button(page, "Go on").click()
    page.tab.wait_for_function(
        """count => [...document.querySelectorAll('.tokens-cell')].filter(
               c => c.ariaLabel.includes('hidden')).length < count""",
        arg=count,
    )


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_when_it_wakes_it_fills_once_by_itself(live_page, motion):
    page = live_page("masked-tokens", width=360, reduced_motion=motion)
    wait_hidden(page, 0)
    button(page, "Fill again").wait_for()
    expect(page.tab.locator(SAY)).to_have_text("All 49 tokens are settled.")
    whole = codes(page)
    page.frames(60)
    assert codes(page) == whole


@pytest.mark.parametrize("name", ["masked-tokens", "tokens"])
def test_a_finger_taps_and_drags_sideways_and_swipes_to_scroll(live_page, name):
    page = live_page(name, width=360, reduced_motion="reduce")
    page.tab.wait_for_selector(".live-stage:not([data-settled=no])")
    page.tab.locator(".tokens-grid").evaluate(
        "e => e.scrollIntoView({block: 'center'})"
    )
    box = page.tab.locator(".tokens-grid").bounding_box()
    side = box["width"] / 7
    at = [(box["x"] + (i + 0.5) * side, box["y"] + 2.5 * side) for i in range(7)]
    before, start = labels(page), page.evaluate("scrollY")
    x, y = at[3]
    page.finger((x, y), (x, y - 150 if start < 100 else y + 150))
    assert abs(page.evaluate("scrollY") - start) > 80
    assert labels(page) == before  # no tile took the swipe for a press
    page.evaluate("y => scrollTo(0, y)", start)
    page.frames(2)
    page.finger(at[0], at[-1], pieces=30)
    row = range(14, 21)
    now = labels(page)
    changed = [i for i in range(49) if now[i] != before[i]]
    assert changed and set(changed) <= set(row)
    if name == "masked-tokens":
        assert hidden(page) == [*row]
    page.tab.locator(CELL).nth(30).tap()
    assert labels(page)[30] != before[30]
    assert [labels(page)[i] for i in row] == [now[i] for i in row]


def test_with_reduced_motion_nothing_plays(live_page):
    page = live_page("masked-tokens", reduced_motion="reduce")
    wait_hidden(page, 0)
    emptied(page)
    page.evaluate("""window.seen = new Set(); new MutationObserver(() => window.seen.add(
        [...document.querySelectorAll('.tokens-cell')].filter(
            c => c.ariaLabel.includes('hidden')).length)).observe(
        document.querySelector('.tokens-grid'), {subtree: true, attributes: true})""")
    button(page, "Fill").click()
    wait_hidden(page, 0)
    assert page.evaluate("[...window.seen]") == [0]  # from nothing to the whole, in one
    button(page, "Hide all").click()
    button(page, "Step").click()
    wait_hidden(page, 48)
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_half_filled_picture_is_for_everybody(live_page):
    page = live_page("masked-tokens")
    page.tab.get_by_label("Show the tokens").check()
    page.tab.get_by_label("a real boot").check(force=True)
    button(page, "Hide the middle").click()
    button(page, "Step").click()
    wait_hidden(page, 8)
    assert page.serious("light") == [] == page.serious("dark")
