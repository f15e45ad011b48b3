"""The live figure of chapter 05: its sprite and numbers are the measured ones; every
control."""

import importlib.util
import io
import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from book.identity import ROOT
from helpers.store import packing, records
from tools import live

pytestmark = pytest.mark.site
NAME = "training-run"
NAMES = ("tutorial", "ours")
WIDTHS = (1280, 360)
LAST = 23


@pytest.fixture(scope="module")
def films():
    found = {name: records.shipped(f"05/film-{name}") for name in NAMES}
    return {
        name: ({"settings": film.settings}, packing.values_of(film))
        for name, film in found.items()
    }


@pytest.fixture(scope="module")
def files():
    """What the page fetches: the decoded sprite and the numbers."""
    folder = live.data(NAME)
    sprite = Image.open(io.BytesIO((folder / "film.webp").read_bytes()))
    return np.array(sprite.convert("RGB")), json.loads(
        (folder / "film.json").read_text()
    )


def at(sprite, numbers, frame):
    """Return the 25 pictures of a frame, as the page finds them in the sprite."""
    side = 28 * numbers["sheet"]
    top, left = frame // numbers["across"] * side, frame % numbers["across"] * side
    cut = sprite[top : top + side, left : left + side]
    return np.array(
        [
            cut[28 * i : 28 * i + 28, 28 * j : 28 * j + 28]
            for i in range(5)
            for j in range(5)
        ]
    )


def canvases(page):
    """Return numbers that change with both sheets, the distances and both losses."""
    page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    names = (
        "tutorial's sheet",
        "our sheet",
        "distances",
        "tutorial's losses",
        "our losses",
    )
    return dict(
        zip(
            names,
            page.evaluate("""[...document.querySelectorAll('.live-stage canvas')]
        .map(c => c.toDataURL())"""),
            strict=True,
        )
    )


def changes(page, act):
    """Return which canvases `act` changed."""
    before = canvases(page)
    act()
    after = canvases(page)
    return {name for name in before if before[name] != after[name]}


EVERYTHING = {
    "tutorial's sheet",
    "our sheet",
    "distances",
    "tutorial's losses",
    "our losses",
}
BUT_ONE = EVERYTHING - {"tutorial's sheet"}


def seconds(page):
    return page.tab.get_by_role("slider", name="Seconds", exact=True)


def stop(page):
    return int(seconds(page).input_value())


def table(page):
    """Return the table as {row: (tutorial, ours)}."""
    rows = page.tab.locator(".training-run-table tbody tr").all_inner_texts()
    return {row.split("\t")[0]: tuple(row.split("\t")[1:]) for row in rows}


def drag(page, canvas, *shares):
    """Press on a chart at the first share of its width, and move over the others."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for i, share in enumerate(shares):
        page.tab.mouse.move(
            box["x"] + share * (box["width"] - 1), box["y"] + box["height"] / 2
        )
        if i == 0:
            page.tab.mouse.down()
    page.tab.mouse.up()


def test_the_sprite_is_the_samples(films, files):
    sprite, numbers = files
    assert (sprite == sprite[..., :1]).all()
    seen = set()
    for name, (_, values) in films.items():
        assert len(numbers[name]["frames"]) == LAST + 1
        for moment, frame in enumerate(numbers[name]["frames"]):
            tiles = at(sprite, numbers, frame)[..., :1]
            np.testing.assert_array_equal(tiles, values["samples"][moment])
            seen.add(frame)
    assert seen == set(range(len(seen)))  # each sheet once, none without use


def test_the_numbers_are_the_measured_ones(films, files):
    _, numbers = files
    for name, (facts, values) in films.items():
        reel = numbers[name]
        # settings count pairs of processor seconds
        assert numbers["moments"] == [2 * m for m in facts["settings"]["moments"]]
        assert reel["epochs"] == list(values["epochs"])
        for key in ("frechet", "precision", "recall"):
            np.testing.assert_allclose(reel[key], values[key], atol=1e-4)
        for key in ("d_loss", "g_loss"):
            np.testing.assert_allclose(reel[key], values["logs"][key], atol=1e-4)
        np.testing.assert_allclose(
            reel["ends"], np.cumsum(values["logs"]["cpu"]), atol=0.01
        )
        assert reel["steps_per_epoch"] == {"tutorial": 31, "ours": 125}[name]
    # the chapter's rule: the tutorial is seen at the end of the epoch under way, ours
    # before
    for moment, second in enumerate(numbers["moments"]):
        theirs, our = (
            numbers[name]["ends"][numbers[name]["epochs"][moment] - 1] for name in NAMES
        )
        assert theirs > second - 0.01 and our <= second + 0.01
    assert 0 < numbers["floor"] < min(numbers["ours"]["frechet"]) / 5


def test_a_sprite_of_other_seconds_is_refused(monkeypatch):
    path = ROOT / "book" / "live" / NAME / "data.py"
    spec = importlib.util.spec_from_file_location("training_run_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    real = records.shipped

    def other(name):
        record = real(name)
        if "tutorial" in name:
            record.settings["moments"] = [1, 2]
        return record

    monkeypatch.setattr(records, "shipped", other)
    with pytest.raises(ValueError, match="different seconds"):
        module.files()


def test_the_page_shows_what_was_measured(live_page, films, files):
    page = live_page(NAME)
    print(f"ready after {page.figure.get_attribute('data-ready')} ms")
    sprite, numbers = files
    moments = numbers["moments"]
    assert moments[stop(page)] == 60
    for where in (0, 12, LAST):
        page.evaluate(
            """k => { const s = document.querySelector('.live-stage input[type=range]');
                                s.value = k; s.dispatchEvent(new Event('input')); }""",
            where,
        )
        found = table(page)
        for i, (_, values) in enumerate(films.values()):
            assert int(found["epochs"][i]) == values["epochs"][where]
            assert found["steps"][i] == f"{values['epochs'][where] * (31, 125)[i]:,}"
            assert found["Fréchet distance"][i] == f"{values['frechet'][where]:.1f}"
            assert (
                abs(float(found["precision"][i]) - values["precision"][where]) < 0.0051
            )
            assert abs(float(found["recall"][i]) - values["recall"][where]) < 0.0051
        canvases(page)  # painted
        for i, name in enumerate(NAMES):
            wanted = at(sprite, numbers, numbers[name]["frames"][where])[..., 0]
            shown = page.evaluate(
                """i => { const c = document.querySelectorAll('.live-stage canvas')[i];
                          const side = 140, copy = new OffscreenCanvas(side, side);
                          const d = copy.getContext('2d');
                          const gap = Math.max(1, Math.round(c.width / 140));
                          const cell = (c.width - 4 * gap) / 5;
                          for (let k = 0; k < 25; k++) {
                              const x = k % 5, y = Math.floor(k / 5);
                              d.drawImage(c, x * (cell + gap), y * (cell + gap), cell, cell,
                                          28 * x, 28 * y, 28, 28);
                          }
                          const p = d.getImageData(0, 0, side, side).data;
                          return Array.from({length: side * side}, (_, k) => p[4 * k]); }""",
                i,
            )
            sheet = (
                np.reshape(shown, (5, 28, 5, 28))
                .transpose(0, 2, 1, 3)
                .reshape(25, 28, 28)
            )
            assert np.corrcoef(sheet.ravel(), wanted.ravel())[0, 1] > 0.95
        heads = page.tab.locator(".training-run-table thead th").all_inner_texts()
        assert heads == [f"At {moments[where]} s", "tutorial", "ours"]


def test_scales_go_there_and_back(live_page, files):
    page = live_page(NAME)
    moments = files[1]["moments"]
    found = page.evaluate(
        """async moments => {
        const m = await import('./live/training-run.js');
        const x = m.logScale(10, 600, 30, 530);
        return {ends: [x(10), x(600)], back: moments.map(v => x.back(x(v))),
                near: [2, 10.8, 11.2, 548, 552, 9999].map(v => m.nearest(moments, v))};
    }""",
        moments,
    )
    np.testing.assert_allclose(found["ends"], [30, 530])
    np.testing.assert_allclose(found["back"], moments)
    assert found["near"] == [0, 0, 1, 22, 23, 23]


def test_it_marks_where_ours_passes_the_tutorial(live_page, films, files):
    page, moments = live_page(NAME), files[1]["moments"]
    theirs, our = (np.array(films[name][1]["frechet"]) for name in NAMES)
    ahead = [bool((our[k:] < theirs.min()).all()) for k in range(len(our))]
    stop = ahead.index(True)
    assert 0 < stop < LAST and our[stop - 1] > theirs.min()
    found, none = page.evaluate(
        """async ([own, other]) => {
        const {passes} = await import('./live/training-run.js');
        return [passes({frechet: own}, {frechet: other}), passes({frechet: other},
            {frechet: own})]; }""",
        [our.tolist(), theirs.tolist()],
    )
    assert found == {"stop": stop, "best": theirs.min(), "at": int(theirs.argmin())}
    assert none is None
    chart = page.tab.locator(".training-run-chart").first
    told = chart.get_attribute("aria-label")
    assert f"from {moments[stop]} seconds on ours is better" in told
    words = page.evaluate("""async () => {
        const kind = CanvasRenderingContext2D.prototype, real = kind.fillText, said = [];
        kind.fillText = function (text, ...at) { said.push(text); real.call(this, text, ...at); };
        document.querySelector(".live-stage input").dispatchEvent(new Event("input"));
        const root = document.documentElement;
        root.dataset.theme = "dark";
        for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
        return said; }""")
    assert f"ours passes the tutorial’s best: {moments[stop]} s" in words


@pytest.mark.parametrize("width", WIDTHS)
def test_mouse_and_finger_reach_every_control(live_page, width):
    page = live_page(NAME, width=width)
    assert not page.too_wide()
    assert page.unnamed() == []
    boxes = [
        c.bounding_box()
        for c in page.tab.locator(".training-run-pair canvas").all()[:2]
    ]
    assert (
        boxes[0]["y"] == boxes[1]["y"]
        and boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    )
    assert min(box["width"] for box in boxes) > 135

    def slide():
        box = seconds(page).bounding_box()
        seconds(page).click(position={"x": 0.9 * box["width"], "y": box["height"] / 2})

    assert changes(page, slide) == EVERYTHING
    assert stop(page) > 18
    charts = page.tab.locator(".training-run-chart").all()
    assert len(charts) == 3
    for chart in charts:
        assert (
            changes(page, lambda chart=chart: drag(page, chart, 0.5, 0.02))
            == EVERYTHING
        )
        assert stop(page) == 0
        drag(page, chart, 0.3, 0.5)
        assert 8 < stop(page) < 16
        drag(page, chart, 0.99)
        assert stop(page) == LAST
    if width < 600:
        box = charts[0].bounding_box()
        page.tab.touchscreen.tap(
            box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2
        )
        assert 8 < stop(page) < 16
    small = page.evaluate(
        """[...document.querySelectorAll('.live-stage button, .live-stage input')]
           .filter(e => e.getBoundingClientRect().height < 40).length"""
    )
    assert small == 0
    assert not page.too_wide()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_reaches_every_control(live_page, width):
    page = live_page(NAME, width=width)
    play = page.tab.get_by_role("button", name="Play")
    expect(
        play
    ).to_be_focused()  # the figure was touched: its first control has the focus
    page.tab.keyboard.press("Tab")
    expect(seconds(page)).to_be_focused()
    keys = page.tab.keyboard
    assert changes(page, lambda: keys.press("End")) == EVERYTHING and stop(page) == LAST
    assert (
        changes(page, lambda: keys.press("ArrowLeft")) == EVERYTHING
        and stop(page) == LAST - 1
    )
    assert changes(page, lambda: keys.press("Home")) == EVERYTHING and stop(page) == 0
    keys.press("ArrowRight")
    # the tutorial's first epoch is not over yet, and ours is in its first still
    assert changes(page, lambda: keys.press("ArrowRight")) == {
        "our sheet",
        "distances",
        "tutorial's losses",
        "our losses",
    }
    assert seconds(page).get_attribute("aria-valuetext") == "14 s"
    keys.press("Shift+Tab")
    keys.press("Enter")
    expect(page.tab.get_by_role("button", name="Pause")).to_be_focused()
    page.tab.wait_for_function(
        "k => document.querySelector('.live-stage input').value > k", arg=4
    )
    keys.press("Enter")
    expect(play).to_be_visible()
    here = stop(page)
    assert here > 4
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.figure.locator("img")).to_be_visible()


def test_play_begins_goes_on_and_ends(live_page):
    page = live_page(NAME)
    clock = page.evaluate("performance.now()")
    page.tab.get_by_role("button", name="Play").click()
    pause = page.tab.get_by_role("button", name="Pause")
    assert stop(page) < 5  # from the beginning, as nobody had chosen a second
    page.tab.wait_for_function("document.querySelector('.live-stage input').value > 2")
    assert changes(
        page,
        lambda: page.tab.wait_for_function(
            "k => document.querySelector('.live-stage input').value > k", arg=stop(page)
        ),
    ) >= {"distances", "our losses"}
    chart = page.tab.locator(".training-run-chart").first
    drag(page, chart, 0.9)  # a hand on a chart takes over
    expect(pause).to_be_hidden()
    here = stop(page)
    assert 18 < here < LAST
    page.tab.get_by_role("button", name="Play").click()  # and from there it goes on
    page.tab.wait_for_function(
        f"document.querySelector('.live-stage input').value == {LAST}"
    )
    expect(page.tab.get_by_role("button", name="Play")).to_be_visible()
    expect(page.figure.locator(".live-say")).to_contain_text("600 processor seconds.")
    print(f"played in {page.evaluate('performance.now()') - clock:.0f} ms")
    page.tab.get_by_role("button", name="Play").click()  # at the end: once more
    page.tab.wait_for_function("document.querySelector('.live-stage input').value < 5")
    seconds(page).press("End")
    expect(pause).to_be_hidden()
    assert stop(page) == LAST


def test_it_says_in_words_what_is_seen(live_page, files):
    page = live_page(NAME)
    numbers = files[1]
    seconds(page).press("End")
    theirs, our = (numbers[name] for name in NAMES)
    expect(page.figure.locator(".live-say")).to_have_text(
        f"600 processor seconds. The tutorial: epoch {theirs['epochs'][-1]}, Fréchet distance "
        f"{theirs['frechet'][-1]:.1f}, precision {theirs['precision'][-1]:.2f}, recall "
        f"{theirs['recall'][-1]:.2f}. Ours: epoch {our['epochs'][-1]}, Fréchet "
        f"distance {our['frechet'][-1]:.1f}, precision {our['precision'][-1]:.2f}, "
        f"recall {our['recall'][-1]:.2f}."
    )
    pictures = page.tab.get_by_role("img")
    told = [picture.get_attribute("aria-label") for picture in pictures.all()]
    assert told[:2] == [
        "25 pictures after 600 processor seconds, tutorial",
        "25 pictures after 600 processor seconds, ours",
    ]
    assert (
        f"tutorial {theirs['frechet'][-1]:.1f}, ours {our['frechet'][-1]:.1f}"
        in told[2]
    )


def test_playing_is_asked_for_and_its_end_is_for_everybody(live_page):
    page = live_page(NAME, reduced_motion="reduce")
    before, here = canvases(page), stop(page)
    page.evaluate("new Promise(done => setTimeout(done, 900))")  # twice a stop's time
    assert canvases(page) == before and stop(page) == here
    page.tab.get_by_role("button", name="Play").click()
    page.tab.wait_for_function("document.querySelector('.live-stage input').value == 2")
    page.tab.get_by_role("button", name="Pause").click()
    assert canvases(page) != before
    seconds(page).press("End")
    assert page.serious("light") == [] == page.serious("dark")
