"""The live figure of chapter 04: its generator against Keras, and every control of
it."""

import importlib.util

import numpy as np
import pytest
from playwright.sync_api import expect

from book.identity import ROOT
from helpers import zoo

pytestmark = pytest.mark.site
NAME = "latent-space"
WIDTHS = (1280, 360)
MODULE = (
    "const m = await import('./live/latent-space.js');"
    "const space = await m.fetchSpace('./live/latent-space/');"
)


@pytest.fixture(scope="module")
def keras_generator():
    generator = zoo.load("04/digits-dcgan")
    return lambda latents: np.array(
        generator(np.array(latents, "float32"), training=False)
    )


@pytest.fixture(scope="module")
def data():
    path = ROOT / "book" / "live" / NAME / "data.py"
    spec = importlib.util.spec_from_file_location("latent_space_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(page, body, argument=None):
    """Run `body`, which may use `m` (the bundle) and `space`, and return its result."""
    return page.evaluate(f"async (given) => {{ {MODULE} {body} }}", argument)


def canvases(page, settled=True):
    """Return numbers that change with the picture, the map and the strip.

    The picture is painted with the next frame, map and strip when they have settled.
    """
    if settled:
        page.tab.wait_for_selector(".live-stage[data-settled='yes']", state="attached")
    return page.evaluate(
        """async parts => {
        for (let i = 0; i < 2; i++) await new Promise(done => requestAnimationFrame(done));
        return Object.fromEntries(parts.map(part => [part,
            document.querySelector(`.latent-space-${part} canvas`).toDataURL()]));
    }""",
        ["picture", "map", "walk"],
    )


def read(page):
    """Return what stands below the picture: degrees to the right, per cent ink,
    length."""
    lean, ink, length = page.tab.locator(".latent-space-read span").all_inner_texts()
    degrees = 0 if lean == "upright" else int(lean.split("°")[0].split()[-1])
    return (
        -degrees if lean.endswith("left") else degrees,
        int(ink.split()[0]),
        float(length.split()[1]),
    )


def dial(page, name):
    return page.tab.get_by_role("slider", name=name, exact=True)


def put(page, name, value):
    """Move a slider as a hand would: to the place of its value, by the mouse."""
    box = (handle := dial(page, name)).bounding_box()
    low, high = (float(handle.get_attribute(edge)) for edge in ("min", "max"))
    share = (value - low) / (high - low)
    handle.click(
        position={"x": 8 + share * (box["width"] - 16), "y": box["height"] / 2}
    )


def test_the_page_draws_what_keras_draws(live_page, keras_generator):
    page = live_page(NAME)
    latents = np.random.default_rng(4).standard_normal((16, 64)).astype("float32")
    drawn = run(
        page,
        "const g = await m.generator('./live/latent-space/');"
        "return given.map((z) => [...g(z)])",
        latents.tolist(),
    )
    expected = keras_generator(latents)
    apart = np.abs(np.reshape(drawn, expected.shape) - expected).max()
    each = run(page, "return m.speed(space.generate, 64)")
    print(
        f"largest difference {apart:.1e}; {each:.2f} ms a picture; "
        f"ready after {page.figure.get_attribute('data-ready')} ms"
    )
    assert 0 < apart < 2e-3


def test_ways_and_places_are_numpys(live_page):
    page = live_page(NAME)
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 64)).astype("float32")
    ways = run(
        page,
        "return [0, 0.3, 0.5, 1].map((t) => [[...m.slerp(...given, t)],"
        "[...m.straight(...given, t)]])",
        [a.tolist(), b.tolist()],
    )
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    for t, (circle, line) in zip((0, 0.3, 0.5, 1), ways, strict=True):
        wanted = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
        np.testing.assert_allclose(circle, wanted, atol=1e-5)
        np.testing.assert_allclose(line, (1 - t) * a + t * b, atol=1e-5)
    opposite = run(
        page, "return [...m.slerp(given, given.map((v) => -v), 0.25)]", a.tolist()
    )
    np.testing.assert_allclose(
        opposite, a / 2, atol=1e-5
    )  # no circle is meant: straight
    start, steps = a / np.linalg.norm(a), [0.5, -0.25]
    directions = np.eye(64)[:2]
    placed = run(
        page,
        "return [...m.place(...given, 7)]",
        [start.tolist(), directions.tolist(), steps],
    )
    wanted = start + steps @ directions
    np.testing.assert_allclose(placed, 7 * wanted / np.linalg.norm(wanted), atol=1e-5)


def test_digits_and_directions_do_what_their_names_say(
    live_page, keras_generator, data
):
    page = live_page(NAME)
    anchors, directions = (
        np.array(run(page, f"return space.{part}.map((a) => [...a])"))
        for part in ("anchors", "directions")
    )
    assert anchors.shape == (10, 64)
    np.testing.assert_allclose(directions @ directions.T, np.eye(8), atol=2e-3)
    np.testing.assert_allclose(np.linalg.norm(anchors, axis=1), 1, atol=1e-3)
    moves = np.linspace(-0.8, 0.8, 5)
    for which in (0, 1):  # lean and ink grow along their direction, for every digit
        places = anchors[:, None] + moves[:, None] * directions[which]
        places *= 6 / np.linalg.norm(places, axis=-1, keepdims=True)
        pictures = keras_generator(places.reshape(-1, 64))[..., 0]
        measured = data.lean_and_ink(pictures)[which].reshape(10, 5)
        assert (np.diff(measured, axis=1) > 0).all()
    page_says = run(
        page,
        "const {lean, ink} = m.measure(new Float32Array(given));return [lean, ink]",
        pictures[7].ravel().tolist(),
    )
    lean, ink = (value[7] for value in data.lean_and_ink(pictures))
    np.testing.assert_allclose(page_says, [np.degrees(np.arctan(lean)), ink], rtol=1e-4)
    read_as = zoo.load("06/digits-classifier")(keras_generator(6 * anchors))
    np.testing.assert_array_equal(np.argmax(read_as, axis=1), range(10))


def test_at_each_change_the_map_begins_again_at_its_middle(live_page):
    page = live_page(NAME)
    page.tab.wait_for_selector(".live-stage[data-settled='yes']", state="attached")
    before, after = page.evaluate("""async () => {
        const kind = CanvasRenderingContext2D.prototype, real = kind.putImageData;
        let places = [];
        kind.putImageData = function (picture, x, y) {
            real.call(this, picture, x, y);
            if (this.canvas.width !== 7 * 28 || this.canvas.height !== 7 * 28) return;
            places.push([x / 28, y / 28]);
            const end = performance.now() + 6;
            while (performance.now() < end);  // so that it takes several frames
        };
        const digit = (n) => document.querySelectorAll(".latent-space-keys input")[n].click();
        const frame = () => new Promise(requestAnimationFrame);
        digit(8);
        while (places.length < 5) await frame();
        const before = places;
        places = [];
        digit(1);
        while (places.length < 49) await frame();
        return [before, places];
    }""")
    ring = [np.hypot(x - 3, y - 3) for x, y in after]
    assert 5 <= len(before) < 49 and before[0] == [3, 3]
    assert after[0] == [3, 3] and ring == sorted(ring)
    assert len({tuple(place) for place in after}) == 49


@pytest.mark.parametrize("width", WIDTHS)
def test_the_mouse_reaches_every_control(live_page, width):
    page = live_page(NAME, width=width)
    assert not page.too_wide()
    assert page.unnamed() == []
    seen = [canvases(page)]

    def changed(*parts):
        """Assert that these parts changed; the picture alone is not waited for."""
        seen.append(canvases(page, settled=parts != ("picture",)))
        now = {part for part in seen[-1] if seen[-1][part] != seen[-2][part]}
        assert now == set(parts) or (parts == ("picture",) and "picture" in now)

    board = page.tab.get_by_role("application")
    box = board.bounding_box()
    board.click(position={"x": 0.93 * box["width"], "y": 0.07 * box["height"]})
    changed("picture", "map")  # on the map only the dot moves
    lean, ink, _ = read(page)
    assert lean > 15 and ink > 18
    assert dial(page, "Lean").input_value() == dial(page, "Ink").input_value() == "0.85"
    put(page, "Lean", -0.8)
    assert read(page)[0] < -10
    put(page, "Ink", -0.8)
    assert read(page)[1] < 10
    changed("picture", "map")
    for direction in range(3, 8):
        put(page, f"Direction {direction}", 0.7)
        changed("picture")
    seen.append(canvases(page))
    put(page, "Direction 8", 0.7)
    changed("picture", "map")
    put(page, "Length (random: about 8)", 20)
    changed("picture", "map")
    assert read(page)[2] == 20
    page.tab.get_by_role("button", name="Undo the moves").click()
    changed("picture", "map")
    assert {
        dial(page, name).input_value() for name in ("Lean", "Ink", "Direction 5")
    } == {"0"}
    page.tab.get_by_role("radio", name="0", exact=True).locator("..").click()
    changed("picture", "map")
    page.tab.get_by_role("button", name="Random").click()
    changed("picture", "map")
    assert 5 < read(page)[2] < 11
    assert page.tab.locator("input:checked[type=radio]").count() == 1  # only the way
    for end in "AB":
        page.tab.get_by_role("button", name=f"Pin as {end}").click()
        changed("walk")
        page.tab.get_by_role(
            "radio", name="8" if end == "A" else "1", exact=True
        ).locator("..").click()
        changed("picture", "map", "walk")
    page.tab.get_by_role("button", name="Pin as B").click()
    changed("walk")
    put(page, "From A to B", 0.5)
    changed("picture", "map", "walk")
    on_the_sphere = read(page)[2]
    page.tab.get_by_role("radio", name="straight").locator("..").click()
    changed("picture", "map", "walk")
    assert read(page)[2] < on_the_sphere - 0.5
    strip = page.tab.locator(".latent-space-walk canvas")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.tab.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 0.99 * box["width"], box["y"] + box["height"] / 2)
    page.tab.mouse.up()
    changed("picture", "map", "walk")
    assert dial(page, "From A to B").input_value() == "1"
    assert not page.too_wide()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_reaches_every_control(live_page, width):
    page = live_page(NAME, width=width)
    tab = page.tab
    reached = []
    tab.get_by_role("radio", name="3", exact=True).focus()
    for _ in range(18):
        reached.append(
            page.evaluate(
                "(e => (e.labels && e.labels.length ? e.labels[0].textContent : "
                "e.textContent) || e.getAttribute('role'))(document.activeElement)"
            )
        )
        tab.keyboard.press("Tab")
    assert reached == [
        "3",
        "Random",
        "Undo the moves",
        "application",
        "Lean",
        "Ink",
        "Length (random: about 8)",
        *(f"Direction {i}" for i in range(3, 9)),
        "Pin as A",
        "Pin as B",
        "along the sphere",
        "From A to B",
        "Back to the picture",
    ]
    seen = [canvases(page)]

    def changes(element, press, *parts):
        element.focus()
        tab.keyboard.press(press)
        seen.append(canvases(page))
        assert {part for part in seen[-1] if seen[-1][part] != seen[-2][part]} == set(
            parts
        )

    both = ("picture", "map")
    changes(tab.get_by_role("radio", name="3", exact=True), "ArrowRight", *both)
    assert tab.get_by_role("radio", name="4", exact=True).is_checked()
    board = tab.get_by_role("application")
    for press, value in (
        ("ArrowRight", ["0.05", "0"]),
        ("ArrowUp", ["0.05", "0.05"]),
        ("Shift+ArrowLeft", ["-0.15", "0.05"]),
        ("ArrowDown", ["-0.15", "0"]),
        ("Home", ["0", "0"]),
    ):
        changes(board, press, *both)
        assert [dial(page, name).input_value() for name in ("Lean", "Ink")] == value
    for name in ("Lean", "Ink", *(f"Direction {i}" for i in range(3, 9))):
        changes(dial(page, name), "PageUp", *both)
    assert "lean +0.20, ink +0.20" in board.get_attribute("aria-label")
    changes(dial(page, "Length (random: about 8)"), "Home", *both)
    assert read(page)[2] == 0
    changes(dial(page, "Length (random: about 8)"), "PageUp", *both)
    changes(tab.get_by_role("button", name="Undo the moves"), "Enter", *both)
    changes(tab.get_by_role("button", name="Random"), "Space", *both)
    changes(tab.get_by_role("button", name="Pin as A"), "Enter", "walk")
    changes(dial(page, "From A to B"), "End", *both, "walk")
    changes(tab.get_by_role("radio", name="along the sphere"), "ArrowRight", "walk")
    changes(dial(page, "From A to B"), "PageDown", *both, "walk")
    changes(tab.get_by_role("button", name="Pin as B"), "Enter", "walk")
    tab.get_by_role("button", name="Back to the picture").press("Enter")
    expect(page.figure.locator("img")).to_be_visible()


def test_the_map_shows_what_the_pad_would_give(live_page):
    page = live_page(NAME)
    canvases(page)
    shown, wanted = run(
        page,
        """
      const side = 7 * 28, copy = new OffscreenCanvas(side, side), d = copy.getContext("2d");
      d.drawImage(document.querySelector(".latent-space-map canvas"), 0, 0, side, side);
      const wanted = Array.from({length: 49}, (_, i) => {
        const x = (i % 7 + 0.5) / 7 * 2 - 1, y = 1 - (Math.floor(i / 7) + 0.5) / 7 * 2;
        const lean_and_ink = space.directions.slice(0, 2), steps = [0.8 * x, 0.8 * y];
        return [...space.generate(m.place(space.anchors[3], lean_and_ink, steps, 6))];
      });
      return [[...d.getImageData(0, 0, side, side).data].filter((_, i) => i % 4 === 0), wanted];""",
    )
    shown = np.reshape(shown, (7, 28, 7, 28)).transpose(0, 2, 1, 3).reshape(49, 28, 28)
    inner = (slice(None), slice(2, -2), slice(2, -2))  # the frame lies on the edge
    shown, wanted = (
        np.reshape(x, (49, 28, 28))[inner].reshape(49, -1) for x in (shown, wanted)
    )
    alike = np.corrcoef(shown, wanted)[:49, 49:]
    under_the_dot = 24
    others = np.delete(np.arange(49), under_the_dot)
    assert (alike.diagonal()[others] > 0.97).all()
    assert (
        alike.argmax(axis=1)[others] == others
    ).all()  # no other place is more alike


def test_it_says_in_words_what_is_seen(live_page):
    page = live_page(NAME)
    put(page, "Lean", 0.8)
    heard = page.figure.locator(".live-say[role=status]")
    expect(heard).to_contain_text("right")
    lean, ink, length = read(page)
    words = f"leans {lean}° right, {ink} % ink, length {length:.1f}"
    expect(heard).to_have_text(f"The picture: {words}.")
    assert page.tab.get_by_role(
        "img", name=f"The generated picture: {words}"
    ).is_visible()
    page.tab.get_by_role("radio", name="straight").locator("..").click()
    expect(heard).to_contain_text("straight; half way the latent is 4.2 long")
    page.tab.get_by_role("button", name="Pin as B").click()
    expect(heard).to_have_text(f"Pinned as B: {words}.")


def test_a_length_of_nothing_is_left_again(live_page):
    page = live_page(NAME)
    length = dial(page, "Length (random: about 8)")
    undo = page.tab.get_by_role("button", name="Undo the moves")
    for leave in (
        undo,
        page.tab.get_by_role("radio", name="5", exact=True).locator(".."),
    ):
        length.focus()
        page.tab.keyboard.press("Home")
        assert read(page)[2] == 0
        leave.click()
        assert read(page)[2] == 6 and float(length.input_value()) == 6
    page.tab.get_by_role("button", name="Random").click()
    drawn = read(page)[2]
    length.focus()
    page.tab.keyboard.press("End")
    undo.click()
    assert read(page)[2] == drawn < 20  # back to its own


def test_only_a_held_first_button_drags_the_pad(live_page):
    page = live_page(NAME)
    page.tab.get_by_role("application").scroll_into_view_if_needed()
    box = page.tab.get_by_role("application").bounding_box()
    mouse, lean = page.tab.mouse, dial(page, "Lean")

    def to(share):
        mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])

    to(0.9)
    mouse.down(button="right")
    to(0.7)
    mouse.up(button="right")
    assert float(lean.input_value()) == 0
    to(0.8)
    mouse.down()
    to(0.9)
    assert float(lean.input_value()) == pytest.approx(0.8)
    page.tab.get_by_role("application").evaluate("pad => pad.releasePointerCapture(1)")
    to(0.6)  # as after a menu that swallowed the end of the press
    assert float(lean.input_value()) == pytest.approx(0.8)
    mouse.up()
    mouse.down()
    to(0.3)
    mouse.up()
    assert float(lean.input_value()) == pytest.approx(-0.4)


def test_a_finger_drags_the_pad(live_page):
    page = live_page(NAME, width=360)
    board = page.tab.get_by_role("application")
    before = read(page)
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    page.tab.touchscreen.tap(
        box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2
    )
    assert read(page)[0] > before[0] + 10
    assert min(box["width"], box["height"]) > 280
    small = page.evaluate(
        """[...document.querySelectorAll('.live-stage button, .live-stage input')]
           .map(e => (e.type === 'radio' ? e.parentElement : e).getBoundingClientRect())
           .filter(b => b.height < 39.5).length"""
    )
    assert small == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_what_a_press_brings_is_for_everybody(live_page, width):
    page = live_page(NAME, width=width)
    page.tab.get_by_role("button", name="Random").click()
    page.tab.mouse.move(0, 0)
    canvases(page)
    assert page.serious("light") == [] == page.serious("dark")
