"""Tests of the live figure of chapter 16: the model against Keras, and all its
controls."""

import numpy as np
import pytest
from playwright.sync_api import expect

from helpers import data, sampling, tokenizer, zoo

pytestmark = pytest.mark.site
CELL, SAY, BAR = ".tokens-cell", ".live-say", ".next-token-code"
MODEL = """async ({rows, scales}) => {
    const {open, Writer, Tokenizer, greedy} = await import("./live/next-token.js");
    const file = await open("live/next-token/"), writer = new Writer(file);
    const logits = rows.map((row) => [...writer.model.run(row)]);
    const written = scales.map((scale) => Array.from({length: 10}, (_, k) =>
        [...greedy(writer, k, scale)]));
    const tokenizer = new Tokenizer(file);
    const pictures = rows.map((row) => [...tokenizer.decode(row.slice(1))]);
    writer.start(3);
    for (const code of rows[0].slice(1)) writer.push(code);
    writer.back(20);
    return {logits, written, pictures, after: writer.guided(20, 1)};
}"""


def button(page, name):
    return page.tab.get_by_role("button", name=name, exact=True)


def drawn(page):
    """Return how many places hold a token; the others say that they are not drawn
    yet."""
    labels = page.tab.locator(CELL).evaluate_all("all => all.map(c => c.ariaLabel)")
    known = ["not drawn yet" not in label for label in labels]
    assert known == sorted(known, reverse=True)  # in reading order
    return sum(known)


def codes(page):
    """Return the codes of the places that are drawn."""
    labels = page.tab.locator(CELL).evaluate_all("all => all.map(c => c.ariaLabel)")
    return [
        int(label.split("code ")[1].split(",")[0])
        for label in labels
        if "code" in label
    ]


def bars(page):
    """Return (code, percent, taken) of the codes shown."""
    found = []
    for label in page.tab.locator(BAR).evaluate_all("all => all.map(b => b.ariaLabel)"):
        share = float(label.split(" %")[0].split()[-1])
        found.append(
            (int(label.split()[1].rstrip(",")), share, label.endswith(", taken"))
        )
    return found


def wait_drawn(page, count):
    page.tab.wait_for_function(
        """count => [...document.querySelectorAll('.tokens-cell')].filter(
               c => !c.ariaLabel.includes('not drawn')).length === count""",
        arg=count,
    )


def cleared(page):
    """Clear what the figure draws by itself when it wakes."""
    button(page, "Clear").click()
    assert drawn(page) == 0
    return page


def finish(page):
    page.tab.get_by_label("at once").check(force=True)
    page.tab.locator(".live-main").click()
    button(page, "Draw another").wait_for()


def test_the_model_is_that_of_the_zoo(live_page):
    page = live_page("next-token", touch=False)
    model, helper = zoo.load("16/fashion-gpt"), tokenizer.load("fashion")
    pictures, kinds = data.fashion("validation")
    tokens = helper.encode(pictures[:16])
    rows = np.concatenate([128 + kinds[:16, None], tokens], axis=1).astype("int32")
    scales = [1, 1.5]
    found = page.evaluate(MODEL, {"rows": rows.tolist(), "scales": scales})
    expected = np.asarray(model(rows))
    difference = np.abs(np.reshape(found["logits"], expected.shape) - expected).max()
    print(
        f"logits: largest difference {difference:.1e} of {np.abs(expected).max():.0f}"
    )
    assert difference < 2e-3
    classes = np.arange(128, 138)[:, None]
    for scale, written in zip(scales, found["written"], strict=True):
        sampled = sampling.sample(
            model,
            classes,
            49,
            temperature=0,
            allowed=(0, 128),
            guidance_scale=scale,
            unconditional=np.full((10, 1), 138),
        )
        assert written == sampled[:, 1:].tolist()
    decoded = np.abs(
        np.reshape(found["pictures"], (16, 28, 28, 1)) - helper.decode(tokens)
    ).max()
    print(f"decoder: largest difference {decoded:.1e}")
    assert decoded < 2e-3
    again = np.asarray(model(np.concatenate([[[131]], tokens[:1, :20]], axis=1)))[
        0, -1, :128
    ]
    assert (
        np.abs(again - found["after"]).max() < 2e-3
    )  # what was forgotten leaves no trace


@pytest.mark.parametrize("width", [1280, 360])
def test_mouse_or_finger_draw_choose_and_go_back(live_page, width):
    page = cleared(live_page("next-token", width=width))
    first = bars(page)
    assert 0 < sum(share for _, share, _ in first) <= 101 and not any(
        b[2] for b in first
    )
    button(page, "Step").click()
    assert drawn(page) == 1 and sum(taken for *_, taken in bars(page)) == 1
    before = page.pixels()
    finish(page)
    assert drawn(page) == 49
    expect(page.tab.locator(SAY)).to_contain_text("finished")
    assert page.pixels() != before
    whole = codes(page)
    tile = page.tab.locator(CELL).nth(24)  # look back: nothing is lost
    (tile.tap if width < 600 else tile.click)()
    assert codes(page) == whole
    expect(page.tab.get_by_text("Token 25 of 49")).to_be_visible()
    taken = [code for code, _, is_taken in bars(page) if is_taken]
    assert taken == [whole[24]]
    other = next(code for code, _, is_taken in bars(page) if not is_taken)
    page.tab.get_by_role("button", name=f"code {other},").click()
    expect(page.tab.locator(SAY)).to_contain_text(
        "finished"
    )  # the model went on from it
    assert codes(page)[:25] == [*whole[:24], other] and drawn(page) == 49
    page.tab.locator(CELL).nth(40).click()
    kept = codes(page)[:40]
    button(page, "Redraw from here").click()
    button(page, "Draw another").wait_for()
    wait_drawn(page, 49)
    assert codes(page)[:40] == kept
    button(page, "Draw another").click()
    wait_drawn(page, 49)
    button(page, "Clear").click()
    assert drawn(page) == 0 and button(page, "Clear").is_disabled()
    page.tab.get_by_role("button", name=f"code {bars(page)[1][0]},").click()
    assert codes(page) == [bars(page)[1][0]]
    page.tab.locator(CELL).nth(30).click()
    expect(page.tab.locator(SAY)).to_contain_text("next to be drawn is row 1, column 2")
    page.tab.get_by_label("dress", exact=True).check(force=True)
    assert drawn(page) == 0
    expect(page.tab.locator(SAY)).to_contain_text("Class dress")
    assert not page.too_wide() and page.unnamed() == []


def test_drawing_plays_pauses_and_goes_on(live_page):
    page = cleared(live_page("next-token", width=360))
    page.tab.get_by_label("16", exact=True).check(force=True)
    button(page, "Draw").click()
    page.tab.wait_for_function(
        "() => document.querySelector('canvas').ariaLabel.match(/, [3-9] of 49|, .. of "
        "49/)"
    )
    button(page, "Pause").click()
    count = drawn(page)
    page.evaluate(
        "new Promise(r => { let n = 20; const f = () => --n ? requestAnimationFrame(f)"
        " : r(); f(); })"
    )
    assert drawn(page) == count and 3 <= count < 49
    button(page, "Go on").click()
    page.tab.wait_for_function(
        """count => [...document.querySelectorAll('.tokens-cell')].filter(
               c => !c.ariaLabel.includes('not drawn')).length > count""",
        arg=count,
    )


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_alone_does_it_all(live_page, width):
    page = live_page("next-token", width=width)
    press = page.tab.keyboard.press
    press("ArrowLeft")  # the focus is put on the classes
    assert page.tab.get_by_label("bag", exact=True).is_checked()
    expect(button(page, "Clear")).to_be_enabled()  # a token is drawn
    button(page, "Clear").focus()
    press("Enter")
    page.tab.get_by_label("6", exact=True).focus()
    press("ArrowRight")
    press("ArrowRight")
    assert page.tab.get_by_label("at once").is_checked()
    button(page, "Step").focus()
    press("Enter")
    press("Enter")
    assert drawn(page) == 2
    page.tab.get_by_label("Temperature").focus()
    press("Home")
    assert max(share for _, share, _ in bars(page)) == 100  # 0 takes the likeliest
    press("End")
    flat = bars(page)[0][1]
    press("ArrowLeft")
    assert (
        page.tab.get_by_label("Temperature").get_attribute("aria-valuetext") == "1.95"
    )
    page.tab.get_by_label("Guidance scale").focus()
    press("End")
    assert bars(page)[0][1] != flat
    button(page, "Go on").focus()
    press("Enter")
    wait_drawn(page, 49)
    page.tab.locator(f"{CELL}[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter"):
        press(key)
    expect(page.tab.get_by_text("Token 9 of 49")).to_be_visible()
    whole = codes(page)
    page.tab.locator(BAR).nth(1 if not bars(page)[1][2] else 2).focus()
    press("Enter")
    expect(page.tab.locator(SAY)).to_contain_text("finished")
    assert codes(page)[:8] == whole[:8] and codes(page)[8] != whole[8]
    page.tab.get_by_label("Show the tokens").focus()
    press("Space")
    assert [int(t) for t in page.tab.locator(CELL).all_inner_texts()] == codes(page)
    for name in ("Redraw from here", "Draw another"):
        button(page, name).focus()
        press("Enter")
        wait_drawn(page, 49)
    button(page, "Clear").focus()
    press("Enter")
    assert drawn(page) == 0


def test_a_finished_picture_follows_the_sliders_with_the_same_dice(live_page):
    page = cleared(live_page("next-token"))
    finish(page)
    whole = codes(page)
    scale = page.tab.get_by_label("Guidance scale")
    scale.fill("5")
    page.tab.wait_for_function(
        "old => [...document.querySelectorAll('.tokens-cell')].some((c, i) =>"
        " !c.ariaLabel.includes('code ' + old[i] + ','))",
        arg=whole,
    )
    wait_drawn(page, 49)
    scale.fill("1.5")
    page.tab.wait_for_function(
        "old => [...document.querySelectorAll('.tokens-cell')].every((c, i) =>"
        " c.ariaLabel.includes('code ' + old[i] + ','))",
        arg=whole,
    )


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_when_it_wakes_it_draws_once_by_itself(live_page, motion):
    page = live_page("next-token", width=360, reduced_motion=motion)
    wait_drawn(page, 49)
    button(page, "Draw another").wait_for()
    expect(page.tab.locator(SAY)).to_have_text("The boot is finished: 49 tokens.")
    whole = codes(page)
    page.frames(60)
    assert codes(page) == whole


def test_a_press_takes_over_from_what_it_draws_by_itself(live_page):
    page = live_page("next-token")
    button(page, "Pause").click()
    count = drawn(page)
    page.frames(60)
    assert drawn(page) == count < 49


def test_with_reduced_motion_nothing_plays(live_page):
    page = live_page("next-token", reduced_motion="reduce")
    wait_drawn(page, 49)
    cleared(page)
    page.evaluate("""window.seen = new Set(); new MutationObserver(() => window.seen.add(
        [...document.querySelectorAll('.tokens-cell')].filter(
            c => c.ariaLabel.includes('not drawn')).length)).observe(
        document.querySelector('.tokens-grid'), {subtree: true, attributes: true})""")
    button(page, "Draw").click()
    wait_drawn(page, 49)
    assert page.evaluate("[...window.seen]") == [0]  # from nothing to the whole, in one
    button(page, "Clear").click()
    button(page, "Step").click()
    assert drawn(page) == 1
    assert page.evaluate("document.getAnimations().length") == 0


def test_a_finished_picture_is_for_everybody(live_page):
    page = cleared(live_page("next-token"))
    page.tab.get_by_label("Show the tokens").check()
    finish(page)
    assert page.serious("light") == [] == page.serious("dark")
