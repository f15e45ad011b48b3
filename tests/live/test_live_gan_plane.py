"""The live figure of chapter 02: its game equals TensorFlow's and SciPy's, and every
control works.

The module's own functions run in the page and are given the same weights, batches and
samples as the reference here, which computes in float64.
"""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from playwright.sync_api import expect
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist, jensenshannon

from tests.live.browser import Page

pytestmark = pytest.mark.site

MODULE = "const m = await import('./live/gan-plane.js');"
LOSSES = ["saturating", "non-saturating", "wasserstein"]
WIDTHS = [1280, 360]
REACH = 3
expect.set_options(timeout=30_000)  # a busy machine is slow, and that is not a fault


@pytest.fixture(scope="module")
def idle(browser, live_site):
    """Return a page on which the figure is never touched: only its module's functions
    run."""
    page = Page(browser, live_site, "gan-plane", 1280)
    yield page
    page.context.close()
    assert page.faults == [] and page.outside == []


def call(page, body, argument=None):
    """Run `body`, which may use the module `m` and the argument `a`, and return what it
    returns."""
    return page.evaluate(f"async (a) => {{ {MODULE} {body} }}", argument)


# ---- parity -------------------------------------------------------------------------


def dense(sizes, rng):
    """Return random kernels and biases of a network with swish between its layers."""
    return [
        (rng.normal(0, 1.5 / np.sqrt(i), (i, o)), rng.normal(0, 0.5, o))
        for i, o in pairwise(sizes)
    ]


def forward(variables, x):
    """Run the network in TensorFlow."""
    for kernel, bias in variables[:-1]:
        x = tf.nn.silu(x @ kernel + bias)
    kernel, bias = variables[-1]
    return x @ kernel + bias


def flat(arrays):
    """Lay (kernel, bias) pairs into one array, layer after layer."""
    return np.concatenate([np.ravel(part) for pair in arrays for part in pair])


def reference(case):
    """Return losses, gradients and pushes as TensorFlow gives them, with nested
    tapes."""
    D = [tuple(map(tf.Variable, pair)) for pair in case["D"]]
    G = [tuple(map(tf.Variable, pair)) for pair in case["G"]]
    real, generated, between, z = (
        tf.constant(case[name]) for name in ("real", "generated", "between", "latents")
    )
    loss = case["loss"]
    with tf.GradientTape() as tape:
        real_logits, logits = forward(D, real), forward(D, generated)
        if loss == "wasserstein":
            game = tf.reduce_mean(logits) - tf.reduce_mean(real_logits)
        else:
            game = tf.reduce_mean(tf.nn.softplus(-real_logits)) + tf.reduce_mean(
                tf.nn.softplus(logits)
            )
        with tf.GradientTape() as inner:
            inner.watch(between)
            values = forward(D, between)
        slopes = tf.norm(inner.gradient(values, between), axis=1)
        penalty = case["weight"] * tf.reduce_mean((slopes - 1) ** 2)
        d_loss = game + penalty
    d_gradient = tape.gradient(d_loss, D, unconnected_gradients="zero")

    def of_logits(logits):
        return {
            "saturating": -tf.nn.softplus(logits),
            "non-saturating": tf.nn.softplus(-logits),
            "wasserstein": -logits,
        }[loss]

    with tf.GradientTape() as tape:
        g_loss = tf.reduce_mean(of_logits(forward(D, forward(G, z))))
    g_gradient = tape.gradient(g_loss, G)
    with tf.GradientTape() as tape:
        tape.watch(generated)
        summed = tf.reduce_sum(of_logits(forward(D, generated)))
    return {
        "d_loss": d_loss.numpy(),
        "penalty": penalty.numpy(),
        "d_gradient": flat(d_gradient),
        "g_loss": g_loss.numpy(),
        "g_gradient": flat(g_gradient),
        "pushes": -tape.gradient(summed, generated).numpy().ravel(),
    }


def test_losses_and_gradients_equal_tensorflow(idle):
    rng = np.random.default_rng(0)
    cases, wanted = [], []
    for k in range(16):
        width, latents, n = (
            rng.choice([8, 17, 32]),
            rng.integers(1, 6),
            rng.choice([5, 16, 64]),
        )
        case = {
            "loss": LOSSES[k % 3],
            "weight": float(rng.choice([0, 0.1, 1, 10])) if k % 4 else 0.1,
            "D": dense([2, width, width, 1], rng),
            "G": dense([latents, width, width, 2], rng),
            "real": rng.normal(0, 1.5, (n, 2)),
            "generated": rng.normal(0, 1.0, (n, 2)),
            "between": rng.normal(0, 1.2, (n, 2)),
            "latents": rng.normal(size=(n, latents)),
        }
        wanted.append(reference(case))
        cases.append(
            {
                "loss": case["loss"],
                "weight": case["weight"],
                "n": int(n),
                "dSizes": [2, int(width), int(width), 1],
                "gSizes": [int(latents), int(width), int(width), 2],
                "dWeights": flat(case["D"]).tolist(),
                "gWeights": flat(case["G"]).tolist(),
                **{
                    name: case[name].ravel().tolist()
                    for name in ("real", "generated", "between", "latents")
                },
            }
        )
    got = call(
        idle,
        """
        return a.map((c) => {
          const D = new m.Network(c.dSizes), G = new m.Network(c.gSizes);
          D.weights.set(c.dWeights);
          G.weights.set(c.gWeights);
          const told = m.discriminatorGradient(D, c.loss, c.real, c.generated, c.n,
            Float32Array.from(c.between), c.weight);
          const d = [...D.gradient];
          const g = m.generatorGradient(G, D, c.loss, Float32Array.from(c.latents), c.n);
          return {d_loss: told.loss, penalty: told.penalty, d_gradient: d, g_loss: g,
            g_gradient: [...G.gradient], untouched: [...D.gradient].every((v, k) => v === d[k]),
            pushes: [...m.pushes(D, c.loss, Float32Array.from(c.generated), c.n)]};
        });""",
        cases,
    )
    worst = {}
    for one, other in zip(got, wanted):
        assert one["untouched"]
        for name, value in other.items():
            scale = max(np.abs(value).max(), 1e-3)
            gap = np.abs(np.asarray(one[name]) - value).max() / scale
            worst[name] = max(worst.get(name, 0), gap)
    print({name: f"{value:.1e}" for name, value in worst.items()})
    assert max(worst.values()) < 1e-4


def test_adam_equals_keras(idle):
    rng = np.random.default_rng(1)
    start, gradients = (
        rng.normal(size=40),
        rng.normal(size=(12, 40)) * rng.lognormal(0, 3, 40),
    )
    for beta1, beta2 in ((0.5, 0.99), (0.9, 0.999)):
        variable = keras.Variable(start.astype("float32"))
        optimizer = keras.optimizers.Adam(6e-3, beta_1=beta1, beta_2=beta2)
        for gradient in gradients:
            optimizer.apply([tf.constant(gradient, "float32")], [variable])
        got = call(
            idle,
            """
            const adam = new m.Adam(40, {beta1: a.beta1, beta2: a.beta2});
            const weights = Float32Array.from(a.start);
            for (const g of a.gradients) adam.step(weights, Float32Array.from(g), 6e-3);
            return [...weights];""",
            {
                "start": start.tolist(),
                "gradients": gradients.tolist(),
                "beta1": beta1,
                "beta2": beta2,
            },
        )
        assert np.abs(np.array(got) - start).max() > 0.01
        np.testing.assert_allclose(got, variable.numpy(), atol=2e-6)


def test_measures_equal_numpy_and_scipy(idle):
    rng = np.random.default_rng(2)
    one, other = rng.normal(0, 1.4, (300, 2)), rng.normal(0.5, 1.0, (300, 2))
    got = call(
        idle,
        """
        const p = m.histogram(a.one, 300), q = m.histogram(a.other, 300);
        return {p: [...p], q: [...q], js: m.jensenShannon(p, q), same: m.jensenShannon(p, p),
          w1: m.wasserstein(a.one, a.other, 300), none: m.wasserstein(a.one, a.one, 300)};""",
        {"one": one.ravel().tolist(), "other": other.ravel().tolist()},
    )
    edges = np.linspace(-REACH, REACH, 25)
    inside = [np.clip(points, -REACH, REACH - 1e-9) for points in (one, other)]
    p, q = (
        np.histogram2d(x[:, 1], x[:, 0], [edges, edges])[0].ravel() / 300
        for x in inside
    )
    np.testing.assert_allclose(got["p"], p, atol=1e-12)
    np.testing.assert_allclose(got["q"], q, atol=1e-12)
    assert got["js"] == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)
    assert got["same"] == 0
    cost = cdist(one, other)
    assert got["w1"] == pytest.approx(
        cost[linear_sum_assignment(cost)].mean(), abs=1e-9
    )
    assert got["none"] == 0


def test_modes_are_covered_or_not(idle):
    told = call(
        idle,
        """
        const data = m.DATA.grid(), all = m.sample(data, 5000, Math.random);
        const few = data.modes.slice(0, 3).flat();
        return [data.modes.length, m.coverage(data.modes, all, 5000),
          m.coverage(data.modes, few, 3).covered, m.coverage(data.modes, [9, 9], 1).near];""",
    )
    assert told[0] == 25 and told[1]["covered"] == 25 and told[1]["near"] > 0.98
    assert told[2:] == [3, 0]


def test_real_samples_lie_where_they_should(idle):
    ring, grid, moons, drawn = (
        np.array(points).reshape(-1, 2)
        for points in call(
            idle,
            """
            return ["ring", "grid", "moons", "drawn"].map(
              (name) => [...m.sample(m.DATA[name]([[1, -2]]), 4000, Math.random)]);""",
        )
    )
    assert abs(np.hypot(*ring.T).mean() - 2) < 0.02
    spread = np.abs(grid - np.round(grid)).mean() * np.sqrt(np.pi / 2)
    assert spread == pytest.approx(0.12, abs=0.01)
    assert np.abs(moons.mean(axis=0)).max() < 0.1 and np.abs(moons).max() < REACH
    np.testing.assert_allclose(drawn.mean(axis=0), [1, -2], atol=0.02)


# Helpers in the page: a game by a setting's name; what its arrows show; slopes of D on
# the way.
RUN = """
  const start = (setting, seed, data = "ring", more = {}) => {
    const game = new m.Game(m.DATA[data](), seed, {...m.PRESETS[setting].settings, ...more});
    const z = game.draw(2048), real = m.sample(game.data, 256, game.random);
    const samples = () => game.G.forward(z, 256).slice(0, 512);
    const sizes = (loss, places, n) => {
      const all = m.pushes(game.D, loss, places, n);
      return Array.from({length: n}, (_, k) => Math.hypot(all[2 * k], all[2 * k + 1]));
    };
    const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
    return {game, samples,
      play(steps) { for (let k = 0; k < steps; k++) game.step(); },
      far: () => m.wasserstein(real, samples(), 256),
      covered: () => m.coverage(game.data.modes, game.G.forward(z, 2048), 2048).covered,
      arrows: () => sizes(game.settings.loss, samples(), 86)
        .filter((push) => m.arrowLength(push, 460) > m.SEEN).length,
      slope() {  // a critic's pushes are the slopes of D
        const fake = samples();
        return mean(sizes("wasserstein", real.map((v, c) => {
          const t = ((c >> 1) + 0.5) / 256;
          return t * v + (1 - t) * fake[c];
        }), 256));
      },
      doubt: () => mean([...game.D.forward(samples(), 256).slice(0, 256)]
        .map((t) => Math.abs(m.sigmoid(t) - 0.5)))};
  };
"""


def test_the_penalty_holds_the_slope_and_training_learns(idle):
    """A seed repeats a run, 400 steps bring the generator nearer than it began, and the
    same critic has slopes near 1 with the penalty and far steeper ones without."""
    told = call(
        idle,
        RUN
        + """
        const run = (setting, more) => {
          const it = start(setting, 5, "ring", more), before = it.far();
          it.play(400);
          return {before, after: it.far(), slope: it.slope()};
        };
        return {a: run("balanced"), b: run("balanced"), held: run("critic"),
          free: run("critic", {penalty: 0}), speed: m.stepsPerSecond(300)};""",
    )
    print(told)
    assert told["a"] == told["b"] != told["held"]
    for name in ("a", "held"):
        assert told[name]["after"] < 0.6 * told[name]["before"]
    assert abs(told["held"]["slope"] - 1) < 0.5
    assert told["free"]["slope"] > 3


def test_balanced_keeps_its_words(idle):
    """The samples settle on the real ones, the discriminator is near one half, arrows
    remain."""
    began, far, covered, doubt, slope, arrows = call(
        idle,
        RUN
        + """
        const it = start("balanced", 1), began = it.far();
        it.play(1500);
        return [began, it.far(), it.covered(), it.doubt(), it.slope(), it.arrows()];""",
    )
    print(began, far, covered, doubt, slope, arrows)
    assert far < 0.3 * began and covered >= 7
    assert doubt < 0.1
    assert abs(slope - 1) < 0.3 and arrows > 60


def test_collapse_keeps_its_words(idle):
    """A few modes only; with the penalty and a slower generator most of the lost come
    back."""
    told = call(
        idle,
        RUN
        + """
        return [1, 2].map((seed) => {
          const it = start("collapse", seed);
          it.play(1000);
          const before = it.covered();
          Object.assign(it.game.settings, {penalty: 1, gRate: 6e-3});
          it.play(1500);
          return [before, it.covered()];
        });""",
    )
    print(told)
    assert max(before for before, _ in told) <= 4
    assert min(after for _, after in told) >= 7


@pytest.mark.parametrize("data", ["ring", "moons"])
def test_silence_keeps_its_words(idle, data):
    """No arrow is seen once the discriminator is sure; another loss moves the heap, in
    no leaps."""
    seen, before, arrows, leap, after = call(
        idle,
        RUN
        + """
        const it = start("silence", 1, a);
        it.play(400);
        let seen = 0;
        for (let k = 0; k < 40; k++) { it.play(25); seen += it.arrows(); }
        const before = it.far();
        it.game.settings.loss = "non-saturating";
        const arrows = it.arrows();
        let leap = 0, last = it.samples();
        for (let k = 0; k < 200; k++) {
          it.play(1);
          const now = it.samples();
          for (let c = 0; c < 512; c++) leap = Math.max(leap, Math.abs(now[c] - last[c]));
          last = now;
        }
        return [seen, before, arrows, leap, it.far()];""",
        data,
    )
    print(before, leap, after)
    assert seen == 0 and before > 3.5
    assert arrows == 86
    assert leap < 0.6 and after < 0.7 * before


def test_critic_keeps_its_words(idle):
    """With the penalty the price's slope is near 1; without it the critic's gain only
    grows."""
    slope, arrows, held, free = call(
        idle,
        RUN
        + """
        const it = start("critic", 1);
        it.play(1000);
        const slope = it.slope(), arrows = it.arrows(), held = it.game.losses.discriminator;
        it.game.settings.penalty = 0;
        it.play(500);
        return [slope, arrows, held, it.game.losses.discriminator];""",
    )
    assert abs(slope - 1) < 0.4 and arrows > 60
    assert free < 10 * min(held, -0.1)


# ---- the figure ---------------------------------------------------------------------


def steps(page):
    return int(page.tab.locator(".gan-plane").get_attribute("data-steps"))


def until(page, condition, argument=None):
    page.tab.wait_for_function(condition, arg=argument)


def after_frame(page):
    """Wait until two frames have been painted."""
    page.evaluate(
        "new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))"
    )


def picture(page):
    after_frame(page)
    return page.pixels(".gan-plane-plane")


def radio(page, name):
    return page.tab.get_by_role("radio", name=name, exact=True)


def slider(page, name):
    return page.tab.get_by_role("slider", name=name)


def press(page, locator, keyboard):
    """Press a button or a box by mouse or finger, or by the keyboard alone."""
    if keyboard:
        locator.focus()
        page.tab.keyboard.press("Space")
    elif page.tab.viewport_size["width"] < 600:
        locator.tap()
    else:
        locator.click()


def choose(page, name, keyboard):
    """Choose a radio button: by mouse, or with the arrow keys from wherever the choice
    stands."""
    if not keyboard:
        press(page, radio(page, name), False)
        return
    wanted = radio(page, name)
    group = wanted.locator("xpath=ancestor::fieldset[1]")
    count = group.get_by_role("radio").count()
    chosen = group.locator("input:checked")
    (chosen if chosen.count() else group.get_by_role("radio").first).focus()
    if not chosen.count():
        page.tab.keyboard.press("Space")
    for _ in range(count):
        if wanted.is_checked():
            return
        page.tab.keyboard.press("ArrowRight")
    assert wanted.is_checked()


def slide(page, name, keyboard, share):
    """Move a slider: by mouse to `share` of its length, or to its end by the End or
    Home key."""
    knob = slider(page, name)
    if keyboard:
        knob.focus()
        page.tab.keyboard.press("End" if share > 0.5 else "Home")
    else:
        knob.scroll_into_view_if_needed()
        box = knob.bounding_box()
        page.tab.mouse.click(
            box["x"] + share * box["width"], box["y"] + box["height"] / 2
        )


def button(page, name):
    return page.tab.get_by_role("button", name=name, exact=True)


WAYS = pytest.mark.parametrize(
    ("width", "keyboard"),
    [(1280, False), (1280, True), (360, False)],
    ids=["mouse", "keyboard", "finger"],
)


@WAYS
def test_what_is_shown_play_step_reset_and_new_start(live_page, width, keyboard):
    page = live_page("gan-plane", width=width)
    assert steps(page) == 0
    first = picture(page)
    boxes = [
        page.tab.get_by_role("checkbox", name=name) for name in ("surface", "arrows")
    ]
    press(page, boxes[0], keyboard)
    without = picture(page)
    press(page, boxes[1], keyboard)
    assert len({first, without, picture(page)}) == 3
    for box in boxes:
        press(page, box, keyboard)
    assert picture(page) == first

    press(page, button(page, "Step"), keyboard)
    until(page, "document.querySelector('.gan-plane').dataset.steps === '1'")
    moved = picture(page)
    assert moved != first
    expect(page.tab.locator(".live-say")).to_contain_text("Step 1: ")

    press(page, button(page, "Reset"), keyboard)
    assert steps(page) == 0 and picture(page) == first
    press(page, button(page, "Step"), keyboard)
    assert picture(page) == moved  # the same start, the same step

    press(page, button(page, "New start"), keyboard)
    assert steps(page) == 0 and picture(page) not in (first, moved)

    press(page, button(page, "Play"), keyboard)
    expect(button(page, "Pause")).to_be_visible()
    until(page, "+document.querySelector('.gan-plane').dataset.steps > 5")
    press(page, button(page, "Pause"), keyboard)
    expect(button(page, "Play")).to_be_visible()
    rest, still = steps(page), picture(page)
    after_frame(page)
    assert (steps(page), picture(page)) == (rest, still)
    expect(page.tab.locator(".live-say")).to_contain_text(f"Step {rest:,}: ")

    words = page.tab.get_by_text("Jensen-Shannon divergence", exact=False)
    expect(words).to_be_hidden()
    summary = page.tab.locator(".gan-plane summary")
    if keyboard:
        summary.focus()
        page.tab.keyboard.press("Enter")
    else:
        summary.click()
    expect(words).to_be_visible()
    expect(words).to_contain_text("the mean of (slope − 1)²")
    assert not page.too_wide()
    page.tab.get_by_role("button", name="Back to the picture").click()
    expect(page.tab.locator("img")).to_be_visible()
    expect(page.tab.locator(".gan-plane")).to_have_count(0)


@WAYS
def test_data_and_settings(live_page, width, keyboard):
    page = live_page("gan-plane", width=width)
    modes = page.tab.locator(".gan-plane-strips small", has_text="covered")
    pictures = {picture(page)}
    expect(modes).to_contain_text("of 8 covered")
    choose(page, "Grid", keyboard)
    expect(modes).to_contain_text("of 25 covered")
    pictures.add(picture(page))
    choose(page, "Two moons", keyboard)
    expect(modes).to_be_hidden()  # there are no modes to count
    pictures.add(picture(page))
    assert len(pictures) == 3
    choose(page, "Ring", keyboard)
    expect(modes).to_contain_text("of 8 covered")

    # A setting sets the sliders, the loss, and its words, and starts anew.
    def state():
        return page.evaluate("""[...document.querySelectorAll('.gan-plane output')].map(
            o => o.textContent).concat(document.querySelector('.gan-plane-note').textContent,
            [...document.querySelectorAll('.gan-plane input:checked')].map(i => i.value))""")

    states = {tuple(state())}
    for name in ("Collapse", "Silence", "Critic", "Balanced"):
        press(page, button(page, "Step"), keyboard)
        assert steps(page) == 1
        choose(page, name, keyboard)
        assert steps(page) == 0
        states.add(tuple(state()))
        if name == "Silence":
            assert radio(page, "Saturating").is_checked()
        if name == "Critic":
            assert radio(page, "Wasserstein").is_checked()
    assert len(states) == 4  # "Balanced" is where it began

    # A loss changed by hand: other arrows on the same samples, and no setting's name
    # any more.
    before = picture(page)
    choose(page, "Saturating", keyboard)
    assert steps(page) == 0 and picture(page) != before
    expect(page.tab.locator("[value=balanced]")).not_to_be_checked()
    choose(page, "Wasserstein", keyboard)
    choose(page, "Non-saturating", keyboard)
    assert picture(page) == before


@WAYS
def test_sliders_change_the_training(live_page, width, keyboard):
    page = live_page("gan-plane", width=width)

    def two_steps():
        press(page, button(page, "Reset"), keyboard)
        for _ in range(2):
            press(page, button(page, "Step"), keyboard)
        return picture(page)

    seen = {two_steps()}
    for name, share in (
        ("Discriminator steps", 0.98),
        ("Learning rate, discriminator", 0.02),
        ("Learning rate, generator", 0.02),
        ("Gradient penalty", 0.98),
    ):
        knob = slider(page, name)
        before = knob.get_attribute("aria-valuetext")
        slide(page, name, keyboard, share)
        after = knob.get_attribute("aria-valuetext")
        assert after != before
        expect(knob.locator("xpath=..").locator("output")).to_have_text(after)
        seen.add(two_steps())
    press(
        page, page.tab.get_by_role("checkbox", name="Adam for the generator"), keyboard
    )
    seen.add(two_steps())
    assert len(seen) == 6
    expect(page.tab.locator("[value=balanced]")).not_to_be_checked()

    # Slow: no frame takes more than one step.
    slide(page, "Speed", keyboard, 0.02)
    expect(slider(page, "Speed")).to_have_attribute(
        "aria-valuetext", "2 steps a second"
    )
    page.evaluate("""() => { const root = document.querySelector('.gan-plane');
        window.jumps = []; let last = +root.dataset.steps;
        new MutationObserver(() => { window.jumps.push(+root.dataset.steps - last);
            last = +root.dataset.steps; }).observe(root, {attributeFilter: ['data-steps']}); }""")
    press(page, button(page, "Play"), keyboard)
    until(page, "window.jumps.reduce((a, b) => a + b, 0) >= 2")
    press(page, button(page, "Pause"), keyboard)
    assert max(page.evaluate("window.jumps")) == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_points_drawn(live_page, width):
    page = live_page("gan-plane", width=width)
    draw_by_pointer(page, width)
    choose(page, "Ring", False)
    draw_by_keyboard(page)


def draw_by_pointer(page, width):
    """Draw a stroke with the mouse, train on it, clear it; on a phone set a point by
    finger."""
    plane = page.tab.locator(".gan-plane-plane")
    scrolls = "c => getComputedStyle(c).touchAction"
    assert plane.evaluate(scrolls) == "auto"  # a finger scrolls the page
    plane.scroll_into_view_if_needed()
    plane.click(position={"x": 60, "y": 60})  # not yet a control: nothing happens
    assert plane.get_attribute("role") == "img"
    choose(page, "Draw", False)
    assert (
        plane.evaluate(scrolls) == "none"
        and plane.get_attribute("role") == "application"
    )
    for name in ("Play", "Step", "Clear points"):
        expect(button(page, name)).to_be_disabled()
    empty = picture(page)
    box = plane.bounding_box()
    page.tab.mouse.move(box["x"] + 60, box["y"] + 60)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 160, box["y"] + 160, steps=12)
    page.tab.mouse.up()
    expect(page.tab.locator(".live-say")).to_contain_text("points drawn")
    assert picture(page) != empty
    numbers = page.tab.locator(".gan-plane-strips b")
    expect(numbers.nth(0)).not_to_have_text("–")
    before = numbers.nth(1).text_content()
    press(page, button(page, "Step"), False)
    assert steps(page) == 1
    button(page, "Step").evaluate(
        "one => { for (let k = 0; k < 99; k++) one.click(); }"
    )
    assert steps(page) == 100
    assert float(numbers.nth(1).text_content()) < 0.8 * float(before)  # W1 falls
    press(page, button(page, "Clear points"), False)
    assert steps(page) == 0
    expect(button(page, "Play")).to_be_disabled()
    expect(numbers.nth(0)).to_have_text("–")
    if width < 600:
        box = plane.bounding_box()
        page.tab.touchscreen.tap(box["x"] + 90, box["y"] + 90)
        expect(page.tab.locator(".live-say")).to_have_text("1 point drawn.")
        press(page, button(page, "Clear points"), False)


def draw_by_keyboard(page):
    """Set points with the arrow keys and Space, take them away, clear the plane."""
    choose(page, "Draw", True)
    plane = page.tab.locator(".gan-plane-plane")
    plane.focus()
    empty = picture(page)
    page.tab.keyboard.press("ArrowRight")  # the cursor appears in the middle
    page.tab.keyboard.press("Shift+ArrowRight")
    page.tab.keyboard.press("ArrowUp")
    cursor = picture(page)
    assert cursor != empty
    page.tab.keyboard.press("Space")
    expect(plane).to_have_attribute(
        "aria-label",
        "The plane, 1 point drawn. Arrow keys move a "
        "cursor, Space sets a point, Backspace takes the last away.",
    )
    expect(page.tab.locator(".live-say")).to_have_text("Point 1 at 0.6, 0.1.")
    assert picture(page) != cursor
    expect(button(page, "Play")).to_be_enabled()
    page.tab.keyboard.press("ArrowLeft")
    page.tab.keyboard.press("Enter")
    expect(plane).to_have_attribute(
        "aria-label",
        "The plane, 2 points drawn. Arrow keys move a "
        "cursor, Space sets a point, Backspace takes the last away.",
    )
    page.tab.keyboard.press("Backspace")
    page.tab.keyboard.press("Backspace")
    expect(button(page, "Play")).to_be_disabled()
    page.tab.keyboard.press("Space")
    press(page, button(page, "Clear points"), True)
    expect(button(page, "Clear points")).to_be_disabled()
    choose(page, "Ring", True)
    assert plane.get_attribute("tabindex") is None
    expect(button(page, "Play")).to_be_enabled()


def test_pace_after_a_new_start_and_a_runaway_in_words(live_page):
    """A new start while playing begins the count of the pace anew. And when the numbers
    are none any more, the figure says so, and Reset begins anew."""
    page = live_page("gan-plane")
    press(page, button(page, "Play"), False)
    until(page, "document.querySelector('.gan-plane').dataset.pace > 0")
    slide(
        page, "Speed", False, 0.02
    )  # two steps a second: few against those made so far
    page.evaluate("""() => { const root = document.querySelector('.gan-plane');
        window.paces = [];
        new MutationObserver(() => window.paces.push(+root.dataset.pace))
            .observe(root, {attributeFilter: ['data-pace']});
        [...root.querySelectorAll('button')].find(b => b.textContent === 'New start').click(); }""")
    until(page, "window.paces.length > 0")
    press(page, button(page, "Pause"), False)
    assert min(page.evaluate("window.paces")) >= 0

    page.evaluate("window.exp = Math.exp; Math.exp = () => NaN;")
    press(page, button(page, "Play"), False)
    expect(page.tab.locator(".live-say")).to_contain_text("run away to infinity")
    expect(button(page, "Play")).to_be_disabled()
    page.evaluate("Math.exp = window.exp;")
    press(page, button(page, "Reset"), False)
    press(page, button(page, "Step"), False)
    assert steps(page) == 1
    expect(page.tab.locator(".live-say")).to_contain_text("Step 1: ")


def test_the_drawing_board_is_for_everybody_in_light_and_dark(live_page):
    page = live_page("gan-plane")
    choose(page, "Draw", False)
    light = picture(page)
    for theme in ("light", "dark"):
        assert page.serious(theme) == []
        assert (picture(page) != light) == (theme == "dark")  # painted anew


def counters(page):
    """Return every step that the figure shows to the eye."""
    return page.evaluate("""() => [...document.querySelectorAll(".gan-plane p")]
        .filter((e) => e.getClientRects().length && getComputedStyle(e).opacity > 0)
        .flatMap((e) => [...e.textContent.matchAll(/Step ([\\d,]+)/g)])
        .map((found) => Number(found[1].replaceAll(",", "")))""")


def test_there_is_one_counter_of_steps_and_two_never_disagree(live_page):
    page = live_page("gan-plane")
    said = page.tab.locator(".live-say")
    for _ in range(3):
        page.tab.get_by_role("button", name="Play").click()
        expect(said).to_contain_text("JS ")  # heard, while others see newer numbers
        until(page, "n => +document.querySelector('.gan-plane').dataset.steps > n", 40)
        assert len(counters(page)) == 1
        page.evaluate("""() => { const pause = [...document.querySelectorAll(
            ".gan-plane button")].find((b) => b.textContent === "Pause"); pause.click(); }""")
        assert counters(page) == [steps(page)] * 2
    page.tab.get_by_role("button", name="Step").click()
    expect(said).to_contain_text(f"Step {steps(page):,}: ")
    assert counters(page) == [steps(page)] * 2


def test_what_did_not_change_is_not_painted_again(live_page):
    """In a second of 60 frames the surface is computed some ten times, and with it the
    real samples are painted."""
    page = live_page("gan-plane")
    page.tab.get_by_role("slider", name="Speed").focus()
    page.tab.keyboard.press("Home")  # two steps a second
    page.tab.clock.install()
    page.evaluate("""() => { window.painted = {putImageData: 0, arc: 0, frames: 0};
        const kind = CanvasRenderingContext2D.prototype;
        for (const name of ["putImageData", "arc"]) {
            const real = kind[name];
            kind[name] = function (...all) { painted[name] += 1; real.apply(this, all); };
        }
        const count = () => { painted.frames += 1; requestAnimationFrame(count); };
        count(); }""")
    page.tab.clock.pause_at(page.evaluate("Date.now() + 1000"))
    page.tab.get_by_role("button", name="Play").click()
    page.tab.clock.run_for(100)
    page.evaluate("Object.keys(painted).forEach((name) => { painted[name] = 0; })")
    page.tab.clock.run_for(1000)
    painted = page.evaluate("painted")
    frames, surfaces = painted["frames"], painted["putImageData"]
    print(painted)
    assert frames > 50 and 5 < surfaces < 15
    generated, real, marks = 2 * 256 * frames, 256 * surfaces, 50  # a dot and its rim
    assert painted["arc"] <= 1.1 * (generated + real) + marks
