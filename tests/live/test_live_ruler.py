"""The live figure of chapter 06: the page's rulers against helpers.metrics, and every
control."""

import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy import linalg

from helpers import metrics

pytestmark = pytest.mark.site

WIDTHS = (1280, 360)
MODULE = "const m = await import('./live/ruler.js');"


def settled(page):
    """Wait until the numbers and the charts belong to what is set."""
    page.tab.wait_for_selector(".live-stage[data-settled=yes]")
    return page


def numbers(page):
    """Return the four readings as they stand under the plane."""
    page.tab.wait_for_selector(".live-stage[data-measured]")
    found = page.tab.locator(".ruler-numbers dd").all_inner_texts()
    first = [text.split()[0].replace("−", "-") for text in found]
    return dict(
        zip(
            ("frechet", "kernel", "precision", "recall"), map(float, first), strict=True
        )
    )


def handle(page, side, kind):
    return page.tab.get_by_label(re.compile(f"^{side} cloud, {kind}"))


def said(page, side, kind):
    """Return the numbers that a handle tells a screen reader."""
    label = handle(page, side, kind).get_attribute("aria-label").replace("−", "-")
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", label)]


def means(page, name):
    """Return what a chart's text says: the mean reading at each N."""
    label = (
        settled(page)
        .tab.get_by_label(re.compile(f"^{name} against N"))
        .get_attribute("aria-label")
    )
    return {int(n): float(v) for v, n in re.findall(r"(-?\d+\.\d+) at (\d+)", label)}


def pull(page, target, dx, dy):
    """Drag the middle of `target` by the mouse."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(x, y)
    page.tab.mouse.down()
    page.tab.mouse.move(x + dx / 2, y + dy / 2)
    page.tab.mouse.move(x + dx, y + dy)
    page.tab.mouse.up()


def cases():
    """Return 16 pairs of samples of many sizes, positions and shapes."""
    rng = np.random.default_rng(6)
    for number in range(16):
        counts = rng.integers(5, 400, 2)
        a, b = (
            rng.normal(size=(n, 2)) @ rng.normal(size=(2, 2)) + 2 * rng.normal(size=2)
            for n in counts
        )
        if number % 4 == 1:
            b = np.sign(b) * b**2  # no longer Gaussian
        if number % 4 == 2:
            b[: len(b) // 2] = b[0]  # repeats: balls without a radius
        if number % 4 == 3:
            b[: min(len(a), len(b)) // 2] = a[
                : min(len(a), len(b)) // 2
            ]  # common points
        yield a, b


# ---- parity -------------------------------------------------------------------------


def test_the_page_measures_as_the_book_does(live_page):
    pairs = list(cases())
    found = live_page("ruler", touch=False).evaluate(
        f"""async pairs => {{ {MODULE}
            return pairs.map(([a, b]) => {{
                [a, b] = [Float64Array.from(a.flat()), Float64Array.from(b.flat())];
                const {{precision, recall}} = m.precisionRecall(a, b);
                return [m.frechet(a, b), ...m.kernelDistance(a, b), m.kernelValue(a, b),
                        precision, recall]; }}); }}""",
        [[a.tolist(), b.tolist()] for a, b in pairs],
    )
    wanted = np.array(
        [
            [
                metrics.frechet_distance(a, b),
                *metrics.kernel_distance(a, b),
                metrics.kernel_distance(a, b)[0],
                *metrics.precision_recall(real=a, generated=b),
            ]
            for a, b in pairs
        ]
    )
    largest = np.abs(np.array(found) - wanted)
    print(
        f"largest relative difference "
        f"{np.max(largest / np.maximum(np.abs(wanted), 1)):.1e}"
    )
    np.testing.assert_allclose(
        np.array(found)[:, :4], wanted[:, :4], rtol=1e-9, atol=1e-9
    )
    np.testing.assert_array_equal(np.array(found)[:, 4:], wanted[:, 4:])
    assert np.ptp(wanted, axis=0).min() > 0.2  # the cases do differ by every measure


def quadrature(cloud):
    """Return points and weights that give a cloud's moments up to order six exactly."""
    x, w = np.polynomial.hermite_e.hermegauss(12)
    w = w / w.sum()
    line = {
        "heap": (x, w),
        "two heaps": (
            np.r_[0.3 * x - np.sqrt(0.91), 0.3 * x + np.sqrt(0.91)],
            np.r_[w, w] / 2,
        ),
    }
    x_2, w_2 = np.polynomial.laguerre.laggauss(12)
    line["skewed"] = (x_2 - 1, w_2)
    if cloud["shape"] == "ring":
        angle = np.arange(24) * 2 * np.pi / 24
        points, weights = (
            np.sqrt(2) * np.c_[np.cos(angle), np.sin(angle)],
            np.full(24, 1 / 24),
        )
    else:
        (u, wu), (v, wv) = (
            line[cloud["shape"]],
            line.get({"two heaps": "heap"}.get(cloud["shape"], cloud["shape"])),
        )
        points = np.array([(a, b) for a in u for b in v])
        weights = np.outer(wu, wv).ravel()
    t = np.deg2rad(cloud["turn"])
    turn = np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
    return (points * [cloud["long"], cloud["wide"]]) @ turn.T + [
        cloud["x"],
        cloud["y"],
    ], weights


def test_the_true_values_are_those_of_the_distributions(live_page):
    rng = np.random.default_rng(7)
    shapes = ("heap", "two heaps", "ring", "skewed")
    clouds = [
        [
            {
                "shape": shape,
                "x": rng.normal(),
                "y": rng.normal(),
                "turn": rng.uniform(-180, 180),
                "long": rng.uniform(0.2, 2),
                "wide": rng.uniform(0.2, 2),
            }
            for shape in (shapes[i % 4], shapes[i // 4])
        ]
        for i in range(16)
    ]
    found = live_page("ruler", touch=False).evaluate(
        f"""async all => {{ {MODULE}
            return all.map(pair => [m.trueFrechet(...pair), m.trueKernel(...pair)]); }}""",
        clouds,
    )
    for pair, (frechet, kernel) in zip(clouds, found, strict=True):
        (x, u), (y, v) = map(quadrature, pair)
        K = [(a @ b.T / 2 + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
        np.testing.assert_allclose(
            kernel, u @ K[0] @ u + v @ K[1] @ v - 2 * u @ K[2] @ v, rtol=1e-7, atol=1e-8
        )
        mean_x, mean_y = u @ x, v @ y
        C_x, C_y = (np.cov(p.T, aweights=w, ddof=0) for p, w in ((x, u), (y, v)))
        wanted = np.sum((mean_x - mean_y) ** 2) + np.trace(
            C_x + C_y - 2 * linalg.sqrtm(C_x @ C_y).real
        )
        np.testing.assert_allclose(frechet, wanted, rtol=1e-7, atol=1e-7)


def test_large_samples_come_near_the_true_values(live_page):
    found = live_page("ruler", touch=False).evaluate(
        f"""async () => {{ {MODULE}
            let state = 1;
            const random = () => (state = (48271 * state) % 2147483647) / 2147483647;
            const normal = () => Math.sqrt(-2 * Math.log(1 - random()))
                * Math.cos(2 * Math.PI * random());
            const round = {{x: 0, y: 0, long: 1, wide: 0.7, turn: 20}};
            return Object.keys(m.SHAPES).map(shape => {{
                const clouds = [{{...round, shape: "heap"}}, {{...round, shape, x: 0.5, turn: 60}}];
                const [a, b] = clouds.map(c =>
                    m.place(c, m.drawShape(c.shape, 40000, random, normal)));
                const [value, error] = m.kernelDistance(a, b);
                return [m.frechet(a, b), m.trueFrechet(...clouds), value, error,
                        m.trueKernel(...clouds)]; }}); }}"""
    )
    for frechet, true_frechet, kernel, error, true_kernel in found:
        assert abs(frechet - true_frechet) < 0.03
        assert abs(kernel - true_kernel) < 4 * error


# ---- what the figure shows ----------------------------------------------------------


def test_few_points_raise_one_distance_and_not_the_other(live_page):
    page = live_page("ruler")
    page.tab.get_by_label("same", exact=True).check()
    frechet, kernel = means(page, "Fréchet distance"), means(page, "Kernel distance")
    assert list(frechet) == [10, 20, 50, 100, 200, 500, 1000, 2000]
    falling = list(frechet.values())
    assert all(a > b for a, b in itertools.pairwise(falling))
    assert falling[0] > 0.5 and falling[-1] < 0.01
    assert all(
        abs(kernel[n]) < bound for n, bound in ((10, 0.25), (100, 0.08), (2000, 0.02))
    )


def test_each_case_is_told_by_the_rulers_its_note_names(live_page):
    page = live_page("ruler")
    page.tab.get_by_label("points on each side, N").fill("7")
    read = {}
    for case in (
        "same",
        "shifted",
        "too narrow",
        "too wide",
        "half the modes",
        "ring",
        "skewed",
    ):
        page.tab.get_by_label(case, exact=True).check()
        read[case] = numbers(page)
    floor = read["same"]
    assert (
        floor["frechet"] < 0.02 and abs(floor["kernel"]) < 0.1 and floor["recall"] > 0.9
    )
    assert read["shifted"]["frechet"] > 1 and read["shifted"]["kernel"] > 5
    assert min(read["shifted"]["precision"], read["shifted"]["recall"]) > 0.9
    assert read["too narrow"]["precision"] > 0.95 > 0.7 > read["too narrow"]["recall"]
    assert read["too wide"]["precision"] < 0.9 < 0.95 < read["too wide"]["recall"]
    half = read["half the modes"]
    assert half["precision"] > 0.95 and 0.4 < half["recall"] < 0.6
    ring = read["ring"]
    assert ring["frechet"] < 0.02 and abs(ring["kernel"]) < 0.1 and ring["recall"] < 0.1
    assert read["skewed"]["frechet"] < 0.05 and read["skewed"]["kernel"] > 0.5


# ---- every control ------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
def test_controls_by_mouse(live_page, width):
    page = settled(live_page("ruler", width=width))
    board = page.tab.locator(".ruler-plane canvas")
    before, x = numbers(page), said(page, "generated", "centre")[0]
    scale = board.bounding_box()["width"] / 9

    pull(page, handle(page, "generated", "centre"), scale, 0)
    assert said(page, "generated", "centre")[0] == pytest.approx(x + 1, abs=0.03)
    assert numbers(page)["frechet"] > before["frechet"] + 1
    expect(page.tab.get_by_label("shifted", exact=True)).not_to_be_checked()
    expect(page.tab.locator(".ruler-now")).to_contain_text("Your own clouds")

    pull(page, handle(page, "generated", "first direction"), 0.4 * scale, 0)
    assert said(page, "generated", "first direction") == pytest.approx(
        [1.2, 0], abs=0.03
    )
    pull(page, handle(page, "real", "second direction"), 0, 0.4 * scale)
    assert said(page, "real", "second direction")[0] == pytest.approx(1.2, abs=0.03)
    pull(
        page, handle(page, "real", "first direction"), 0, -2.3 * scale
    )  # from the left, up
    turned = said(page, "real", "first direction")
    assert turned[1] == pytest.approx(-45, abs=2)

    pull(page, handle(page, "real", "centre"), -0.5 * scale, -0.5 * scale)
    assert said(page, "real", "centre")[:2] == pytest.approx([-0.5, 0.5], abs=0.03)
    box = board.bounding_box()  # a cloud may be taken beside its handles, too
    page.tab.mouse.move(
        box["x"] + (4.5 + 2.2 - 0.8) * scale, box["y"] + (4.5 + 0.8) * scale
    )
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + (4.5 + 2.2 - 0.8) * scale, box["y"] + 4.5 * scale)
    page.tab.mouse.up()
    assert said(page, "generated", "centre")[:2] == pytest.approx([2.2, 0.8], abs=0.03)
    moved = said(page, "generated", "centre")
    page.tab.mouse.click(box["x"] + 4, box["y"] + box["height"] - 4)  # nothing is there
    assert said(page, "generated", "centre") == moved

    page.tab.get_by_label("too narrow", exact=True).click()
    narrow = numbers(page)
    assert narrow["recall"] < 0.75
    slider = page.tab.get_by_label("points on each side, N")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    expect(page.tab.locator("output").first).to_have_text("2000")
    assert numbers(page) != narrow

    drawn = numbers(page)
    page.tab.get_by_role("button", name="New sample").click()
    assert numbers(page) != drawn

    shown = {}
    for land in ("generated", "none", "real"):
        page.tab.locator("fieldset").filter(has_text="Land").get_by_label(land).check()
        page.frames(2)
        shown[land] = page.pixels(".ruler-plane canvas")
        key = page.tab.locator(".ruler-key")
        wanted = {
            "generated": "real, off generated land",
            "real": "generated, off real land",
        }
        if land == "none":
            expect(key).not_to_contain_text("land")
        else:
            expect(key).to_contain_text(wanted[land])
    assert len(set(shown.values())) == 3

    page.tab.get_by_text("Set a cloud by numbers").click()
    page.tab.locator("fieldset").filter(has_text="Cloud").get_by_label(
        "real"
    ).last.check()
    page.tab.get_by_label("shape").select_option("ring")
    expect(page.tab.locator(".ruler-plane canvas")).to_have_attribute(
        "aria-label", re.compile(r"real cloud \(ring\)")
    )
    for label, value, kind, place, wanted in (
        ("x", "1.5", "centre", 0, 1.5),
        ("y", "-1", "centre", 1, -1),
        ("spread, first direction", "0.5", "first direction", 0, 0.5),
        ("spread, second direction", "1.5", "second direction", 0, 1.5),
        ("turn", "45", "first direction", 1, 45),
    ):
        page.tab.get_by_label(label, exact=True).fill(value)
        assert said(page, "real", kind)[place] == pytest.approx(wanted)
    assert not page.too_wide()
    assert page.unnamed() == []

    page.tab.get_by_role("button", name="Back to the picture").click()
    expect(page.tab.locator(".live-still img")).to_be_visible()
    page.touch()
    expect(page.tab.locator(".ruler-plane canvas")).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_controls_by_keyboard(live_page, width):
    page = settled(live_page("ruler", width=width))
    tab, press = page.tab, page.tab.keyboard.press

    def reach(target):
        """Walk with Tab until `target` has the focus."""
        for _ in range(40):
            if target.evaluate("e => e === document.activeElement"):
                return
            press("Tab")
        raise AssertionError(f"Tab does not reach {target}")

    for side, sign in (("real", -1), ("generated", 1)):
        reach(handle(page, side, "first direction"))
        press("ArrowUp")
        press("ArrowLeft")
        assert said(page, side, "first direction") == pytest.approx([1.05, 5])
        reach(handle(page, side, "second direction"))
        press("ArrowDown")
        press("Shift+ArrowRight")
        assert said(page, side, "second direction") == pytest.approx([0.95, -20])
        reach(handle(page, side, "centre"))
        x = said(page, side, "centre")[0]
        press("ArrowRight")
        press("Shift+ArrowUp" if sign > 0 else "Shift+ArrowDown")
        assert said(page, side, "centre") == pytest.approx([x + 0.1, sign * 0.5])
        press("a")
        assert said(page, side, "centre") == pytest.approx([x + 0.1, sign * 0.5])
    moved = numbers(page)

    reach(tab.get_by_label("same", exact=True))
    press("ArrowRight")
    expect(tab.get_by_label("shifted", exact=True)).to_be_checked()
    assert numbers(page) != moved
    expect(tab.locator(".ruler-now")).to_contain_text("Both distances see it")
    reach(tab.get_by_label("points on each side, N"))
    press("End")
    expect(tab.locator("output").first).to_have_text("2000")
    read = numbers(page)
    assert read["frechet"] == pytest.approx(1.44, abs=0.15)
    expect(tab.locator(".live-say")).to_contain_text(
        f"N 2000: Fréchet {read['frechet']:.2f}"
    )
    reach(tab.get_by_role("button", name="New sample"))
    press("Enter")
    assert numbers(page) != read
    reach(tab.locator("fieldset").filter(has_text="Land").get_by_label("real"))
    press("ArrowRight")
    expect(tab.locator(".ruler-key")).to_contain_text("real, off generated land")
    reach(tab.locator("summary"))
    press("Enter")
    reach(
        tab.locator("fieldset").filter(has_text="Cloud").get_by_label("generated").last
    )
    press("ArrowLeft")
    reach(tab.get_by_label("shape"))
    press("ArrowDown")
    expect(tab.get_by_label("shape")).to_have_value("two heaps")
    for label, kind, place, wanted in (
        ("x", "centre", 0, 0.05),
        ("y", "centre", 1, 0.05),
        ("spread, first direction", "first direction", 0, 1.05),
        ("spread, second direction", "second direction", 0, 1.05),
        ("turn", "first direction", 1, 1),
    ):
        reach(tab.get_by_label(label, exact=True))
        press("ArrowRight")
        assert said(page, "real", kind)[place] == pytest.approx(wanted)
    assert not page.too_wide()


def test_a_finger_drags_a_handle_and_the_page_stays(live_page):
    page = settled(live_page("ruler", width=360))
    target = handle(page, "generated", "centre")
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert min(box["width"], box["height"]) >= 40
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    scroll, before = page.evaluate("scrollY"), said(page, "generated", "centre")
    wire = page.context.new_cdp_session(page.tab)
    for kind, points in (
        ("touchStart", [(x, y)]),
        ("touchMove", [(x - 20, y + 40)]),
        ("touchMove", [(x - 30, y + 60)]),
        ("touchEnd", []),
    ):
        wire.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]},
        )
    expect(target).not_to_have_attribute("aria-label", re.compile("y 0.00"))
    after = said(page, "generated", "centre")
    assert after[0] < before[0] - 0.5 and after[1] < before[1] - 1
    assert page.evaluate("scrollY") == scroll


# ---- light and dark -----------------------------------------------------------------


def test_the_plane_is_painted_anew_in_the_dark(live_page):
    page = settled(live_page("ruler"))
    bright = page.pixels(".ruler-plane canvas")
    for theme in ("light", "dark"):
        page.evaluate("t => { document.documentElement.dataset.theme = t; }", theme)
        page.frames(2)
        assert (page.pixels(".ruler-plane canvas") == bright) == (theme == "light")
