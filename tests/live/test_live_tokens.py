"""Tests of the live figure of chapter 15: its two networks, and everything a reader can
touch."""

import numpy as np
import pytest
from playwright.sync_api import expect

from helpers import data, images, tokenizer, zoo

pytestmark = pytest.mark.site
NETWORKS = """async (given) => {
    const {open, Tokenizer} = await import("./live/tokens.js");
    const made = new Tokenizer(await open("live/tokens/"));
    return [given.tokens.map((t) => [...made.decode(t)]),
            given.pictures.map((p) => [...made.encode(Float32Array.from(p))])];
}"""
CELL, SAY = ".tokens-cell", ".live-say"


def shown(page):
    """Return the 49 numbers on the tiles."""
    return [int(text) for text in page.tab.locator(CELL).all_inner_texts()]


def picture(page):
    """Return a number that changes with the decoded picture; no tile is pointed at
    meanwhile."""
    page.tab.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.evaluate(
        "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))"
    )
    return page.pixels(".tokens-out canvas")


def chosen(page):
    """Return the code that is painted with."""
    return int(
        page.tab.locator(".tokens-code[aria-selected=true]").get_attribute("title")[5:]
    )


def pick_code(page, code):
    page.tab.get_by_role("option", name=f"code {code},").click()


def tile(page, i):
    return page.tab.locator(CELL).nth(i)


def test_the_networks_are_those_of_the_zoo(live_page):
    page = live_page("tokens", touch=False)
    pictures = data.fashion("validation")[0][:16]
    rng = np.random.default_rng(0)
    helper = tokenizer.load("fashion")
    tokens = np.concatenate(
        [helper.encode(pictures[:8]), rng.integers(0, 128, (8, 49))]
    )
    decoded, encoded = page.evaluate(
        NETWORKS,
        {"tokens": tokens.tolist(), "pictures": pictures.reshape(16, -1).tolist()},
    )
    difference = np.abs(
        np.reshape(decoded, (16, 28, 28, 1)) - helper.decode(tokens)
    ).max()
    print(f"decoder: largest difference {difference:.1e}")
    assert difference < 2e-3
    assert np.array_equal(encoded, helper.encode(pictures))


def test_the_shipped_clothes_are_test_pictures_and_encoded_in_the_page(live_page):
    page = live_page("tokens")
    test = images.to_uint8(data.fashion("test")[0]).reshape(1000, -1)
    shipped = np.array(
        page.evaluate("""async () => {
        const {open} = await import("./live/tokens.js");
        return [...(await open("live/tokens/")).tensors.pictures];
    }""")
    ).reshape(-1, 784)
    assert len(shipped) == 12
    assert all((test == picture).all(axis=1).any() for picture in shipped)
    fashion = tokenizer.Tokenizer(zoo.load("15/fashion-tokens"))
    expected = fashion.encode(
        images.from_uint8(shipped[3].reshape(1, 28, 28, 1).astype("uint8"))
    )
    assert shown(page) == expected[0].tolist()


@pytest.mark.parametrize("width", [1280, 360])
def test_mouse_or_finger_paint_and_undo(live_page, width):
    page = live_page("tokens", width=width)
    own, before = shown(page), picture(page)
    code = next(c for c in range(128) if c not in own)
    pick_code(page, code)
    expect(page.tab.get_by_text(f"You paint with code {code}")).to_be_visible()
    (tile(page, 24).tap if width < 600 else tile(page, 24).click)()
    assert shown(page) == [code if i == 24 else token for i, token in enumerate(own)]
    assert picture(page) != before
    expect(page.tab.locator(SAY)).to_contain_text(
        f"now code {code} in place of {own[24]}"
    )
    reach = page.tab.get_by_role("img", name="Reach of the last change")
    assert 0 < int(reach.get_attribute("aria-label").split(": ")[1].split()[0]) < 784
    box = page.tab.locator(".tokens-grid").bounding_box()
    side = box["width"] / 7  # a quick stroke along the first row leaves no gaps
    page.tab.mouse.move(box["x"] + side / 2, box["y"] + side / 2)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 6.5 * side, box["y"] + side / 2)
    page.tab.mouse.up()
    assert shown(page)[:7] == [code] * 7 and shown(page)[7:24] == own[7:24]
    page.tab.get_by_role("button", name="Undo").click()
    assert shown(page)[:7] == own[:7] and shown(page)[24] == code
    page.tab.get_by_role("button", name="Fill all").click()
    assert shown(page) == [code] * 49
    page.tab.get_by_role("button", name="Its own tokens").click()
    assert shown(page) == own and picture(page) == before
    pick = page.tab.get_by_role("button", name="Pick from the map")
    pick.click()
    assert pick.get_attribute("aria-pressed") == "true"
    tile(page, 30).click()
    assert chosen(page) == own[30] and shown(page) == own
    assert pick.get_attribute("aria-pressed") == "false"
    page.tab.get_by_label("sneaker").check(force=True)
    assert shown(page) != own
    expect(page.tab.locator(SAY)).to_contain_text("Sneaker")
    assert not page.too_wide() and page.unnamed() == []
    assert page.tab.get_by_role("button", name="Undo").is_disabled()


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_alone_does_it_all(live_page, width):
    page = live_page("tokens", width=width)
    own, press = shown(page), page.tab.keyboard.press
    press("ArrowRight")  # the clothes, where the focus is put at the start
    assert len(own) == 49 and shown(page) != own
    press("ArrowLeft")
    assert shown(page) == own
    page.tab.locator(".tokens-grid [tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        press(key)
    press("p")
    assert chosen(page) == own[15]
    press("End")
    press("Enter")
    expected = list(own)
    expected[20] = own[15]
    assert shown(page) == expected
    press("+")
    after = shown(page)
    assert [i for i in range(49) if after[i] != expected[i]] == [20]
    press("-")
    assert shown(page) == expected
    press("Home")
    press("ArrowUp")
    press(" ")
    assert shown(page)[7] == own[15]
    page.tab.locator(".tokens-code[tabindex='0']").focus()
    press("Home")
    first = chosen(page)
    press("ArrowRight")
    second = chosen(page)
    press("ArrowDown")
    assert len({first, second, chosen(page)}) == 3
    press("ArrowUp")
    assert chosen(page) == second
    press("End")
    assert chosen(page) not in (first, second)
    for label in ("Undo", "Fill all", "Its own tokens"):
        now = shown(page)
        page.tab.get_by_role("button", name=label).focus()
        press("Enter")
        assert shown(page) != now
    page.tab.get_by_role("button", name="Pick from the map").focus()
    press("Space")
    page.tab.locator(".tokens-grid [tabindex='0']").focus()
    press("Enter")
    assert chosen(page) == shown(page)[7] == own[7]


def test_a_screen_readers_click_paints(live_page):
    page = live_page("tokens")
    own = shown(page)
    tile(page, 12).evaluate("tile => tile.click()")
    assert shown(page)[12] == chosen(page) != own[12]
    page.evaluate("""async () => {  // a press that the browser takes away is followed by no click
        const grid = document.querySelector(".tokens-grid");
        const {left, top} = grid.getBoundingClientRect();
        const tell = (kind) => grid.dispatchEvent(new PointerEvent(kind, {pointerId: 1,
            bubbles: true, clientX: left + 5, clientY: top + 5}));
        tell("pointerdown");
        tell("pointercancel");
        await new Promise((resolve) => setTimeout(resolve, 600));
    }""")
    assert shown(page)[0] == chosen(page)  # it did press the first tile
    tile(page, 13).evaluate("tile => tile.click()")
    assert shown(page)[13] == chosen(page) != own[13]


def test_a_chosen_tile_is_for_everybody(live_page):
    page = live_page("tokens")
    tile(page, 24).click()
    assert page.serious("light") == [] == page.serious("dark")
