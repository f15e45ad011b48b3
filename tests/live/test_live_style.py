"""The live figure of chapter 10: its pictures against the measured grid, and every
control."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from helpers import data, images, style_transfer
from helpers.store import packing, records

pytestmark = pytest.mark.site
WIDTHS = (1280, 360)
MODULE = "const m = await import('./live/style.js');"


@pytest.fixture(scope="module")
def grid():
    record = records.shipped("10/grid")
    return record.settings, packing.values_of(record)


def picture(page):
    """Return a number that changes when the large picture does."""
    page.frames(2)
    return page.pixels(".style-wipe canvas")


def radio(page, legend, name):
    return page.tab.get_by_role("group", name=legend).get_by_role(
        "radio", name=name, exact=True
    )


def told(page):
    """Return the two distances that stand in the figure."""
    return [
        float(text) for text in page.tab.locator(".style-numbers dd").all_inner_texts()
    ]


def wanted(grid, weight, layers, start):
    """Return the two distances of the grid, rounded as the figure does."""
    settings, values = grid
    at = (
        settings["weights"].index(weight),
        list(settings["layers"]).index(layers),
        settings["starts"].index(start),
    )
    found = [float(values[name][at]) for name in ("content", "style")]
    return [
        pytest.approx(value, abs=0.0006 if value < 0.1 else 0.006) for value in found
    ]


def slider(page):
    return page.tab.get_by_role("slider", name="style weight")


def wipe(page):
    return page.tab.get_by_role("slider", name="Wipe")


# ---- parity -------------------------------------------------------------------------


def test_the_page_shows_the_pictures_of_the_grid(live_page, grid):
    settings, values = grid
    size, weights = settings["size"], settings["weights"]
    layers, starts = list(settings["layers"]), settings["starts"]
    sheet = np.asarray(
        Image.open(io.BytesIO(values["sprite"].tobytes())).convert("RGB")
    )
    every = [(w, k, s) for w in weights for k in layers for s in starts]
    assert sheet.shape == (size * len(weights), size * len(layers) * len(starts), 3)
    tiles = (
        sheet.reshape(len(weights), size, -1, size, 3)
        .swapaxes(1, 2)
        .reshape(len(every), size, size, 3)
    )
    chosen = np.random.default_rng(10).permutation(len(every))[:16]
    found = live_page("style", touch=False).evaluate(
        f"""async all => {{ {MODULE}
            const grid = await m.pictures('./live/style/');
            const read = node => node.toDataURL().split(',')[1];
            return {{tiles: all.map(one => read(grid.tile(one))),
                     distances: all.map(one => m.distances(grid.facts, one)),
                     beside: ['photograph', 'recoloured', 'painting']
                         .map(name => read(grid[name]))}}; }}""",
        [
            dict(zip(("weight", "layers", "start"), every[i], strict=True))
            for i in chosen
        ],
    )

    def pixels(png):
        return np.asarray(
            Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"), float
        )

    shown = np.array([pixels(png) for png in found["tiles"]])
    gaps = np.array([np.abs(tiles - one).mean(axis=(1, 2, 3)) for one in shown])
    own = gaps[np.arange(16), chosen]
    print(f"mean difference of a pixel at most {own.max():.2f} of 255")
    assert own.max() < 1  # two decoders of one JPEG
    assert (gaps.argmin(axis=1) == chosen).all()
    for name in ("content", "style"):
        which = 0 if name == "content" else 1
        np.testing.assert_allclose(
            [pair[which] for pair in found["distances"]],
            values[name].ravel()[chosen],
            atol=6e-5,
        )
    photo, painting = (
        make(name, size)
        for make, name in zip((data.picture, data.style), settings["pair"], strict=True)
    )
    made = (photo, style_transfer.match_colours(photo, painting), painting)
    for png, one in zip(found["beside"], made, strict=True):
        far = [np.abs(pixels(png) - images.to_uint8(other)).mean() for other in made]
        print(f"beside the grid {min(far):.1f} of 255")
        assert min(far) < 10 and made[np.argmin(far)] is one  # JPEG, quality 92


# ---- every control ------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_controls_by_mouse(live_page, grid, width):
    settings, _ = grid
    weights, layers, starts = (
        settings["weights"],
        list(settings["layers"]),
        settings["starts"],
    )
    page = live_page("style", width=width)
    seen = [picture(page)]
    assert told(page) == wanted(grid, weights[len(weights) // 2], layers[-1], starts[0])

    box = slider(page).bounding_box()
    page.tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    assert told(page) == wanted(grid, weights[-1], layers[-1], starts[0])
    seen.append(picture(page))
    radio(page, "Style layers", layers[0]).check()
    assert told(page) == wanted(grid, weights[-1], layers[0], starts[0])
    expect(page.tab.get_by_role("group", name="Style layers")).to_contain_text(
        ", ".join(settings["layers"][layers[0]])
    )
    seen.append(picture(page))
    radio(page, "Start", starts[-1]).check()
    assert told(page) == wanted(grid, weights[-1], layers[0], starts[-1])
    seen.append(picture(page))
    for side in ("recoloured", "painting"):
        radio(page, "Left of the line", side).check()
        expect(page.tab.locator(".style-ends")).to_contain_text(side)
        seen.append(picture(page))

    board = page.tab.locator(".style-wipe")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    y = box["y"] + box["height"] / 3
    page.tab.mouse.move(box["x"] + box["width"] / 2, y)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + box["width"] / 4, y)
    page.tab.mouse.up()
    expect(wipe(page)).to_have_attribute("aria-valuenow", "25")
    expect(wipe(page)).to_be_focused()
    seen.append(picture(page))
    page.tab.mouse.move(
        box["x"] + box["width"] * 0.7, y
    )  # the button is up: nothing follows
    expect(wipe(page)).to_have_attribute("aria-valuenow", "25")
    page.tab.mouse.click(box["x"] + box["width"] * 0.9, y)
    expect(wipe(page)).to_have_attribute("aria-valuenow", "90")
    seen.append(picture(page))
    assert len(set(seen)) == len(seen)
    assert not page.too_wide()
    assert page.unnamed() == []


@pytest.mark.parametrize("width", WIDTHS)
def test_a_dot_of_the_map_chooses_its_picture(live_page, grid, width):
    settings, values = grid
    page = live_page("style", width=width)
    chart = page.tab.locator(".style-map")
    chart.scroll_into_view_if_needed()
    label = chart.get_attribute("aria-label")
    assert f"all {values['content'].size} pictures" in label
    before, box = picture(page), chart.bounding_box()
    content, style = (
        values["content"].astype(float),
        np.log10(values["style"].astype(float)),
    )
    # the picture farthest from all others on the map, apart from the one that is chosen
    share = [(v - v.min()) / np.ptp(v) for v in (content, style)]
    flat = np.stack([s.ravel() for s in share], axis=1)
    away = np.linalg.norm(flat[:, None] - flat[None], axis=-1) + np.eye(len(flat)) * 9
    now = np.ravel_multi_index(
        (content.shape[0] // 2, content.shape[1] - 1, 0), content.shape
    )
    away[now] = -1
    which = np.unravel_index(away.min(axis=1).argmax(), content.shape)
    room = 0.07 / 1.14  # the map leaves a margin at both ends
    x, y = ((1 - 2 * room) * s[which] + room for s in share)
    page.tab.mouse.click(
        box["x"] + 44 + x * (box["width"] - 54),
        box["y"] + box["height"] - 36 - y * (box["height"] - 46),
    )
    picked = (
        settings["weights"][which[0]],
        list(settings["layers"])[which[1]],
        settings["starts"][which[2]],
    )
    assert told(page) == wanted(grid, *picked)
    expect(slider(page)).to_have_attribute("aria-valuetext", str(picked[0]))
    expect(radio(page, "Style layers", picked[1])).to_be_checked()
    expect(radio(page, "Start", picked[2])).to_be_checked()
    assert chart.get_attribute("aria-label") != label
    assert picture(page) != before
    page.tab.mouse.click(box["x"] + 3, box["y"] + box["height"] - 3)  # no dot is near
    assert told(page) == wanted(grid, *picked)


@pytest.mark.parametrize("width", WIDTHS)
def test_controls_by_keyboard(live_page, grid, width):
    settings, _ = grid
    weights, layers, starts = (
        settings["weights"],
        list(settings["layers"]),
        settings["starts"],
    )
    page = live_page("style", width=width)
    press = page.tab.keyboard.press

    def reach(target):
        """Walk with Tab until `target` has the focus."""
        for _ in range(20):
            if target.evaluate("e => e === document.activeElement"):
                return
            press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    page.tab.locator(".live-back").focus()
    for _ in range(6):
        press("Shift+Tab")
    reach(wipe(page))
    for key, value in (
        ("ArrowRight", 55),
        ("Shift+ArrowRight", 75),
        ("ArrowDown", 70),
        ("PageDown", 50),
        ("End", 100),
        ("Home", 0),
        ("ArrowUp", 5),
        ("x", 5),
    ):
        press(key)
        expect(wipe(page)).to_have_attribute("aria-valuenow", str(value))
    expect(wipe(page)).to_have_attribute(
        "aria-valuetext", "left 5 percent the photograph, right 95 percent repainted"
    )
    reach(radio(page, "Left of the line", "photograph"))
    press("ArrowRight")
    expect(wipe(page)).to_have_attribute(
        "aria-valuetext", re.compile("the recoloured photograph")
    )
    reach(slider(page))
    press("Home")
    assert told(page) == wanted(grid, weights[0], layers[-1], starts[0])
    press("ArrowRight")
    assert told(page) == wanted(grid, weights[1], layers[-1], starts[0])
    reach(radio(page, "Style layers", layers[-1]))
    press("ArrowLeft")
    assert told(page) == wanted(grid, weights[1], layers[-2], starts[0])
    reach(radio(page, "Start", starts[0]))
    press("ArrowRight")
    assert told(page) == wanted(grid, weights[1], layers[-2], starts[1])
    article = "" if starts[1] == "noise" else "the "
    expect(page.tab.locator(".live-say")).to_have_text(
        re.compile(
            f"^Style weight {weights[1]}, {layers[-2]} layers, from "
            f"{article}{starts[1]}: "
            r"content [\d.]+, style [\d.]+\.$"
        )
    )
    assert not page.too_wide()


def test_a_finger_wipes_sideways(live_page):
    page = live_page("style", width=360)
    page.tab.locator(".style-wipe").scroll_into_view_if_needed()
    box = page.tab.locator(".style-wipe").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    assert wipe(page).bounding_box()["width"] >= 40
    wire = page.context.new_cdp_session(page.tab)
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x + 30, y)]),
        ("touchMove", [(x + box["width"] / 4, y)]),
        ("touchEnd", []),
    ):
        wire.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]},
        )
    expect(wipe(page)).to_have_attribute("aria-valuenow", "75")


def test_the_map_is_painted_anew_in_the_dark(live_page):
    page = live_page("style")
    page.frames(2)
    bright = page.pixels(".style-map")
    for theme in ("light", "dark"):
        page.evaluate("t => { document.documentElement.dataset.theme = t; }", theme)
        page.frames(2)
        assert (page.pixels(".style-map") == bright) == (theme == "light")
