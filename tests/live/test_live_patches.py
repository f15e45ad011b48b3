"""Tests of the live figure of chapter 14: both painters against Keras and NumPy."""

import gzip
import re

import nbformat
import numpy as np
import pytest
import safetensors.numpy
from playwright.sync_api import expect

from book.identity import ROOT
from helpers import data, images, zoo
from tools import live

pytestmark = pytest.mark.site
CELL, SAY, SCORE = ".tokens-cell", ".live-say", ".patches-score"
PAINT = """async ({numbers, masks}) => {
    const {open, error} = await import("./live/patches.js");
    const {network, shelf, pictures} = await open("./live/patches/");
    return numbers.map((n, k) => {
        const {bytes} = pictures[n], near = shelf.nearest(bytes, masks[k]);
        const painted = [network.paint(bytes, masks[k]), shelf.mean(near)];
        return {near, painted: painted.map((one) => [...one]),
            errors: painted.map((one) => error(one, bytes, masks[k]))};
    });
}"""
ROW, COLUMN = np.divmod(np.arange(49), 7)
MASKS = {
    "Lower half": ROW >= 3,
    "Checkerboard": (ROW + COLUMN) % 2 == 1,
    "All but the corners": (ROW % 6 > 0) | (COLUMN % 6 > 0),
    "Nothing": np.zeros(49, bool),
}


def button(page, name):
    return page.tab.get_by_role("button", name=name, exact=True)


def hidden(page):
    """Return the places that are hidden."""
    labels = page.tab.locator(CELL).evaluate_all("all => all.map(c => c.ariaLabel)")
    return [i for i, label in enumerate(labels) if label.endswith("hidden")]


def table(page):
    """Return the two rows of numbers: those of the network and of the neighbours."""
    rows = page.tab.locator(".patches-table tbody tr")
    return [rows.nth(i).locator("td").all_inner_texts() for i in (0, 1)]


@pytest.fixture(scope="module")
def chapter():
    """Return the chapter's own masked autoencoder: the cells that say it are
    executed."""
    book = nbformat.read(
        ROOT / "notebooks" / "14_self_supervised.ipynb", as_version=4
    ).cells
    wanted = ("Patches", "Embedding", "Encoder and decoder", "The masked autoencoder")
    scope = {"NET": {"dim": 64, "depth": 4, "heads": 4}, "np": np}
    exec(
        "import keras\nfrom keras import layers, ops\nfrom helpers import transformer",
        scope,
    )
    for title in wanted:
        (source,) = (
            cell.source for cell in book if cell.source.startswith(f"#@title {title}\n")
        )
        exec(source, scope)
    return scope


@pytest.fixture(scope="module")
def paint(chapter):
    """Paint a picture (1, 28, 28, 1) by Keras, of which a mask (49) hides a part."""
    made, models = zoo.load("14/fashion-masked"), {}

    def of(picture, mask):
        count = int(mask.sum())
        if count not in models:
            models[count] = chapter["MaskedAutoencoder"](count)
            for part in ("embed", "encoder", "decoder"):
                weights = made.get_layer(part).get_weights()
                getattr(models[count], part).set_weights(weights)
        order = np.argsort(mask, kind="stable")[None]  # what is left comes first
        painted, flags = models[count].paint(picture, order)
        assert (np.asarray(flags)[0] == mask).all()
        return chapter["unpatchify"](painted)[0, ..., 0]

    return of


def pixels(mask):
    """Return which pixels (28, 28) a mask (49) hides."""
    return mask.reshape(7, 7).repeat(4, axis=0).repeat(4, axis=1)


def neighbours(picture, mask):
    """Return the ten nearest of the first 2,000 training pictures, and their mean."""
    shelf = images.to_uint8(data.fashion()[0][:2000])[..., 0].astype(int)
    seen = ~pixels(mask)
    far = ((shelf[:, seen] - images.to_uint8(picture)[0, seen, 0]) ** 2).sum(axis=1)
    order = np.argsort(far, kind="stable")[:10]
    return order, images.from_uint8(shelf[order].astype("uint8")).mean(axis=0)


def error(painted, picture, mask):
    where = pixels(mask)
    return np.mean((painted[where] - picture[0, where, 0]) ** 2)


def test_both_painters_are_the_chapter_s(live_page, paint):
    page = live_page("patches", touch=False)
    rng, pictures = np.random.default_rng(0), data.fashion("test")[0]
    counts = [37] * 8 + [1, 5, 12, 24, 28, 45, 48, 1]
    masks = [rng.permutation(49) < count for count in counts]
    numbers = [*range(15), 63]
    found = page.evaluate(
        PAINT, {"numbers": numbers, "masks": [mask.tolist() for mask in masks]}
    )
    largest = 0
    for n, mask, one in zip(numbers, masks, found, strict=True):
        picture = pictures[n : n + 1]
        network = paint(picture, mask)
        order, mean = neighbours(picture, mask)
        mine, theirs = (np.reshape(x, (28, 28)) for x in one["painted"])
        largest = max(largest, np.abs(mine - network).max())
        assert one["near"] == order.tolist()
        np.testing.assert_allclose(theirs, mean, atol=1e-6)
        wanted = [error(network, picture, mask), error(mean, picture, mask)]
        np.testing.assert_allclose(one["errors"], wanted, atol=1e-4)
    print(f"painted: largest difference {largest:.1e}")
    assert largest < 1e-4


def test_where_nothing_is_left_the_mean_is_that_of_all(live_page):
    page = live_page("patches", touch=False)
    given = {"numbers": [0], "masks": [[True] * 49]}
    (found,) = page.evaluate(PAINT, given)
    assert len(found["near"]) == 2000 and np.isfinite(found["painted"][0]).all()
    mean = data.fashion()[0][:2000].mean(axis=0)
    np.testing.assert_allclose(found["painted"][1], mean.ravel(), atol=1e-5)


def test_the_file_loses_nothing_and_holds_what_the_figure_says():
    packed = (live.data("patches") / "model.bin").read_bytes()
    assert len(packed) <= live.LIMIT
    tensors = safetensors.numpy.load(gzip.decompress(packed))
    assert (tensors.pop("shelf") == images.to_uint8(data.fashion()[0][:2000])).all()
    assert (
        tensors.pop("pictures") == images.to_uint8(data.fashion("test")[0][:64])
    ).all()
    assert {array.dtype.name for array in tensors.values()} == {"float16"}
    model = zoo.load("14/fashion-masked")
    assert sum(array.size for array in tensors.values()) == model.count_params()
    ours, theirs = (
        np.sort(np.concatenate([np.ravel(array) for array in arrays]))
        for arrays in (tensors.values(), model.get_weights())
    )
    assert (ours == theirs).all()


@pytest.mark.parametrize("width", [1280, 360, 328])  # 328: a chapter's room at 360
def test_mouse_or_finger_hide_and_bring_back(live_page, width):
    page = live_page("patches", width=width)
    assert len(hidden(page)) == 37  # awake with something to see
    drawn = page.tab.locator("canvas").evaluate_all(
        "all => new Set(all.map(c => c.toDataURL())).size"
    )
    assert drawn == 5  # what is left, two guesses, the truth, the ten: all unlike
    button(page, "Nothing").click()
    assert hidden(page) == []
    tile = page.tab.locator(CELL).nth(24)
    press = tile.tap if width < 600 else tile.click
    press()
    assert hidden(page) == [24]
    expect(page.tab.locator(SAY)).to_contain_text("1 of 49 patches")
    press()
    assert hidden(page) == []
    box = page.tab.locator(".tokens-grid").bounding_box()
    side = box["width"] / 7
    assert side >= 40
    page.tab.mouse.move(box["x"] + side / 2, box["y"] + 2.5 * side)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 6.5 * side, box["y"] + 2.5 * side)
    page.tab.mouse.up()
    assert hidden(page) == [14, 15, 16, 17, 18, 19, 20]
    for name, mask in MASKS.items():
        button(page, name).click()
        assert hidden(page) == np.flatnonzero(mask).tolist()
    drawn = set()
    for _ in range(3):
        button(page, "37 at random").click()
        drawn.add(tuple(hidden(page)))
    assert len(drawn) == 3 and {len(one) for one in drawn} == {37}
    assert not page.too_wide() and page.unnamed() == []


def test_a_finger_that_goes_down_scrolls_and_hides_nothing(live_page):
    page = live_page("patches", width=360)
    page.tab.locator(".tokens-grid").evaluate("e => e.scrollIntoView({block: 'end'})")
    page.frames(3)
    box = page.tab.locator(".tokens-grid").bounding_box()
    before, top = hidden(page), page.evaluate("window.scrollY")
    wire = page.context.new_cdp_session(page.tab)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.9

    def touch(kind, *points):
        points = [{"x": x, "y": y} for x, y in points]
        wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (x, y))
    for step in range(1, 11):
        touch("touchMove", (x, y - 15 * step))
    touch("touchEnd")
    page.tab.wait_for_function("top => window.scrollY > top + 50", arg=top)
    assert hidden(page) == before
    # Sideways it hides.
    button(page, "Nothing").click()
    page.tab.locator(".tokens-grid").evaluate("e => e.scrollIntoView({block: 'end'})")
    page.frames(3)
    box = page.tab.locator(".tokens-grid").bounding_box()
    side = box["width"] / 7
    y = box["y"] + 3.5 * side
    touch("touchStart", (box["x"] + 0.5 * side, y))
    for step in range(1, 13):
        touch("touchMove", (box["x"] + (0.5 + step / 2) * side, y))
    touch("touchEnd")
    page.tab.wait_for_function(
        "selector => document.querySelector(selector).textContent.startsWith('7 of')",
        arg=SAY,
    )
    assert hidden(page) == list(range(21, 28))


def test_truth_is_shown_on_pressing_and_counted_once(live_page, paint):
    page = live_page("patches")
    pictures = data.fashion("test")[0]
    expect(page.tab.locator(SCORE)).to_have_text("Score: network 0 : neighbours 0")
    page.tab.get_by_label("the network", exact=True).check(force=True)
    button(page, "Nothing").click()
    button(page, "Show the truth").click()
    expect(page.tab.locator(SAY)).to_contain_text("Hide some patches first")
    button(page, "Checkerboard").click()
    mask, wins, errors = MASKS["Checkerboard"], [0, 0], []
    for n in range(3):
        assert [row[0] for row in table(page)] == ["?", "?"]
        picture = pictures[n : n + 1]
        errors.append(
            [
                error(paint(picture, mask), picture, mask),
                error(neighbours(picture, mask)[1], picture, mask),
            ]
        )
        wins[int(np.argmin(errors[-1]))] += 1
        truth = page.tab.locator("canvas").nth(3)
        covered = truth.evaluate("c => c.toDataURL()")
        button(page, "Show the truth").click()
        page.frames(2)
        assert truth.evaluate("c => c.toDataURL()") != covered
        assert [row[0] for row in table(page)] == [f"{e:.3f}" for e in errors[-1]]
        assert [row[1] for row in table(page)] == [
            f"{e:.3f}" for e in np.mean(errors, axis=0)
        ]
        expect(page.tab.locator(SCORE)).to_have_text(
            f"Score: network {wins[0]} : neighbours {wins[1]} (you expect the network)"
        )
        button(page, "Cover the truth").click()
        button(page, "Lower half").click()
        button(page, "Show the truth").click()  # the same picture: it counts no more
        assert sum(int(row[2]) for row in table(page)) == n + 1
        button(page, "Checkerboard").click()
        button(page, "Next picture").click()
        assert hidden(page) == np.flatnonzero(mask).tolist()  # the kind stays
    button(page, "Score from zero").click()
    assert [row[1:] for row in table(page)] == [["–", "0"], ["–", "0"]]


def test_all_pictures_at_once_are_what_keras_and_numpy_find(live_page, paint):
    page = live_page("patches")
    mask, pictures = MASKS["Checkerboard"], data.fashion("test")[0][:64]
    errors = np.array(
        [
            [
                error(paint(one, mask), one, mask),
                error(neighbours(one, mask)[1], one, mask),
            ]
            for one in np.split(pictures, 64)
        ]
    )
    button(page, "Checkerboard").click()
    button(page, "Try all 64 like this").click()
    expect(page.tab.locator(SAY)).to_contain_text("All 64 pictures", timeout=60_000)
    wins = [
        (errors[:, 0] < errors[:, 1]).sum(),
        (errors[:, 1] < errors[:, 0]).sum(),
    ]
    print(f"network {wins[0]} : neighbours {wins[1]}, errors {errors.mean(axis=0)}")
    assert [row[1:] for row in table(page)] == [
        [f"{mean:.3f}", str(count)]
        for mean, count in zip(errors.mean(axis=0), wins, strict=True)
    ]


def test_one_hidden_patch_is_painted_worse_than_many_by_a_network_that_never_met_it(
    live_page,
):
    """The chapter says so under its table."""
    page, means = live_page("patches"), []
    for one in (True, False):
        button(page, "Nothing" if one else "37 at random").click()
        if one:
            page.tab.locator(CELL).nth(24).click()
        button(page, "Try all 64 like this").click()
        expect(page.tab.locator(SAY)).to_contain_text(
            f"All 64 pictures, {1 if one else 37} of 49", timeout=60_000
        )
        means.append([float(row[1]) for row in table(page)])
    print(f"one hidden {means[0]}, 37 hidden {means[1]}: network, neighbours")
    assert means[0][0] > 1.5 * means[1][0]
    assert all(neighbours < network for network, neighbours in means)


def test_trying_all_stops_when_asked(live_page):
    page = live_page("patches")
    button(page, "Try all 64 like this").click()
    button(page, "Stop").click()
    expect(button(page, "Try all 64 like this")).to_be_visible()
    page.frames(20)
    said = page.tab.locator(SAY).inner_text()
    assert "All 64" not in said
    count = page.tab.locator(SCORE).inner_text()
    page.frames(30)
    assert page.tab.locator(SCORE).inner_text() == count


def test_with_reduced_motion_only_the_end_of_all_is_shown(live_page):
    page = live_page("patches", reduced_motion="reduce")
    page.evaluate("""() => { window.seen = new Set();
        const line = document.querySelector('.patches-score');
        new MutationObserver(() => window.seen.add(line.textContent)).observe(
            line, {childList: true, characterData: true, subtree: true}); }""")
    button(page, "Try all 64 like this").click()
    expect(page.tab.locator(SAY)).to_contain_text("All 64 pictures", timeout=60_000)
    (end,) = page.evaluate("[...window.seen]")
    assert sum(map(int, re.findall(r"\d+", end))) == 64


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keyboard_alone_does_it_all(live_page, width):
    page = live_page("patches", width=width)
    press = page.tab.keyboard.press
    page.tab.get_by_label("the network", exact=True).focus()
    press("Space")
    press("ArrowRight")
    assert page.tab.get_by_label("the neighbours", exact=True).is_checked()
    button(page, "Nothing").focus()
    press("Enter")
    page.tab.locator(f"{CELL}[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowRight", "Space", "ArrowRight", "Enter", "End"):
        press(key)
    press("Space")
    assert hidden(page) == [8, 9, 13]
    press("Space")
    assert hidden(page) == [8, 9]
    for name in ("Show the truth", "Next picture", "Try all 64 like this", "Stop"):
        button(page, name).focus()
        press("Enter")
    button(page, "Score from zero").focus()
    press("Space")
    expect(page.tab.locator(SCORE)).to_have_text(
        "Score: network 0 : neighbours 0 (you expect the neighbours)"
    )


def test_an_altered_file_and_an_old_browser_are_told(live_page):
    page = live_page("patches", touch=False)
    whole = (live.data("patches") / "model.bin").read_bytes()
    middle = len(whole) // 2
    altered = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    page.tab.route(
        "**/live/patches/model.bin", lambda route: route.fulfill(body=altered)
    )
    page.figure.locator(".live-start").click()
    told = page.figure.get_by_role("alert")
    expect(told).to_contain_text("The file of weights and pictures is damaged")
    page.tab.unroute("**/live/patches/model.bin")
    page.evaluate("delete window.DecompressionStream")
    page.figure.locator(".live-start").click()
    expect(told).to_contain_text("This browser is too old and cannot read the file")
    page.forgive()


def test_hidden_and_shown_are_for_everybody(live_page):
    page = live_page("patches")
    button(page, "Show the truth").click()
    assert page.serious("light") == [] == page.serious("dark")
