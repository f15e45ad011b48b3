// GAN in the plane: a discriminator and a generator learn live against each other.

import {button, canvas, choice, colours, drag, el, group, loop, panel, slider, toggle}
  from "../lib/frame.js";
import {freshSeed, uniform} from "../lib/random.js";
import {BINS, coverage, DATA, DEFAULTS, Game, histogram, jensenShannon, pushes, REACH, sample,
  sigmoid, wasserstein} from "./game.js";

export * from "./game.js";

const SHOWN = 256;      // points of each kind in the picture, and in the measured W1
const COUNTED = 2048;   // generated samples in the measured JS
const GRID = 44;        // the surface is computed on GRID x GRID places and smoothed
const ARROWS = 86;      // of the shown samples, how many carry an arrow
const BUDGET = 11;      // milliseconds of a frame for training; the rest is for drawing
const PAUSE = 450;      // milliseconds between two measurements while playing, at least
const SPEAK = 5000;     // ... and between two sentences

const SPEEDS = [2, 10, 50, 200, Infinity];
const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 3e-3, 6e-3, 1e-2, 2e-2];
const PENALTIES = [0, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export const PRESETS = {
  balanced: {label: "Balanced", settings: {},
    words: "Press Play. Green is where the discriminator (the detective) believes “real”; arrows "
      + "show where the generator (the forger) is pushed. The samples spread, then settle on the "
      + "real ones. Where both lie alike the surface evens out to half-green: the discriminator "
      + "cannot tell them apart. Arrows remain, because the penalty also pulls its slope up to 1."},
  collapse: {label: "Collapse",
    settings: {penalty: 0, dSteps: 1, dRate: 1e-2, gRate: 2e-2, corner: 2.5},
    words: "All samples begin in one heap, nothing bounds the discriminator's slope, and the "
      + "generator is in haste. It crowds on a few places that pass and leaves the others. While "
      + "it runs, set the gradient penalty to 1 and the generator's rate to 0.006: on the ring "
      + "most of the lost heaps often come back."},
  silence: {label: "Silence",
    settings: {loss: "saturating", penalty: 0, gRate: 1e-4, adam: false, corner: 2.9, heap: 0.015,
      alone: 400, rest: 1e-4},
    words: "The generator begins off to one side, and for 400 steps only the discriminator learns; "
      + "it rests while its loss is below 0.0001. It is sure, the loss saturates, and the heap "
      + "feels hardly a push: no arrows for thousands of steps, fewest on the grid. Now change the "
      + "loss to non-saturating: the heap sets off at once. To spread it as well, set the penalty "
      + "to 1, tick Adam and raise the generator's rate to 0.006. (With Adam you would not have "
      + "seen the silence: it divides by the gradient's own size.)"},
  critic: {label: "Critic",
    settings: {loss: "wasserstein", dSteps: 3, penalty: 0.3},
    words: "No belief now but a price, green above its mean and purple below. The penalty holds "
      + "its slope near 1, so the push neither vanishes nor grows wild. Set the penalty to none "
      + "and the critic shouts ever louder."},
};

const LOSSES = [
  {value: "non-saturating", label: "Non-saturating"},
  {value: "saturating", label: "Saturating"},
  {value: "wasserstein", label: "Wasserstein"},
];

const MEASURED = "JS: the Jensen-Shannon divergence, in nats, at most log 2 = 0.69, between "
  + `histograms of ${COUNTED.toLocaleString("en")} generated and `
  + `${(8 * COUNTED).toLocaleString("en")} real samples on ${BINS} by ${BINS} cells. W1: the `
  + `cheapest plan that carries ${SHOWN} generated points to ${SHOWN} real ones, solved exactly; `
  + `the plane is ${2 * REACH} wide. "At best" is what other real samples measure in place of the `
  + "generated: few samples never agree perfectly. A mode counts as covered when a third of its "
  + "fair share of samples lies near its centre. The arrows show minus the gradient of the "
  + "generator's loss at its samples; their lengths are compressed. The gradient penalty "
  + "is its weight times the mean of (slope − 1)², with the discriminator's slope at random places "
  + "between real and generated samples (Gulrajani et al., 2017). Chapter 02's own fine is "
  + "one-sided, and taken everywhere.";

const STYLE = `
.gan-plane .live-option span { min-height: 2.5rem; padding: 0.1rem 0.55rem; font-size: 0.84rem; }
.gan-plane .live-toggle { min-height: 2.5rem; }
.gan-plane .live-row { gap: 0.4rem; }
.gan-plane .live-row .live-button { padding: 0.35rem 0.65rem; min-width: 3.5rem; }
.gan-plane .live-slider input { height: 2.5rem; margin: -0.4rem 0 -0.6rem; }
.gan-plane-top { display: flex; flex-wrap: wrap; gap: 0.7rem 1.5rem; margin-bottom: 0.9rem; }
.gan-plane-plane { border: 1px solid var(--live-line); background: var(--live-paper); }
.gan-plane-plane.gan-plane-drawing { cursor: crosshair; }
.gan-plane p { margin: 0; max-width: none; font-size: 0.88rem; line-height: 1.45; }
.gan-plane-quiet { color: var(--pst-color-text-muted); font-variant-numeric: tabular-nums; }
.gan-plane-key { display: flex; flex-wrap: wrap; gap: 0 0.5rem; align-items: center;
  font-size: 0.8rem; }
.gan-plane-key > * { white-space: nowrap; }
.gan-plane-key .live-toggle { font-size: inherit; gap: 0.35rem; }
.gan-plane-key .live-toggle input { margin: 0; }
.gan-plane-key span { display: inline-flex; align-items: center; gap: 0.35rem; }
.gan-plane i { forced-color-adjust: none; }
.gan-plane-key i { width: 0.65rem; height: 0.65rem; border-radius: 50%; }
.gan-plane-strips { display: grid; grid-template-columns: 8rem minmax(0, 1fr); gap: 0.35rem 0.7rem;
  align-items: center; font-size: 0.84rem; line-height: 1.25; font-variant-numeric: tabular-nums; }
.gan-plane-strips b { font-size: 1.05rem; font-weight: 600; }
.gan-plane-strips small { display: block; color: var(--pst-color-text-muted); font-size: 0.78rem;
  white-space: nowrap; }
.gan-plane-strips i { display: inline-block; width: 0.8rem; height: 0.2rem; border-radius: 0.1rem;
  vertical-align: middle; margin-right: 0.35rem; }
.gan-plane summary { font-size: 0.88rem; font-weight: 600; min-height: 2.5rem; display: list-item;
  align-content: center; cursor: pointer; }
.gan-plane summary:focus-visible { outline: 3px solid var(--pst-color-secondary);
  outline-offset: 2px; }
.gan-plane .live-controls details.gan-plane-words:not(.hide) { border: 0; padding: 0; margin: 0; }
.gan-plane-loss .live-option span { padding: 0.1rem 0.3rem; font-size: 0.8rem; }
.gan-plane .live-say { margin: 0; }
.gan-plane-playing .live-say { opacity: 0; } /* heard from time to time: the numbers shown are newer */
`;

const round = (value, digits = 2) => (Number.isFinite(value)
  ? value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", "−") : "–");
const whole = (value) => Math.round(value).toLocaleString("en");

/** A CSS colour as [r, g, b]; the book's colours are written #rrggbb. */
const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** How long the arrow of a push is on a plane w wide. Compressed, so that strong and weak fit one
 *  picture; one shorter than SEEN is not drawn. */
export const arrowLength = (push, w) => 0.085 * w * push / (push + 1);
export const SEEN = 1;

/** Steps of the game a second, without drawing, over `milliseconds`; for whoever wants to know. */
export function stepsPerSecond(milliseconds = 1000, settings = {}, data = DATA.grid()) {
  const game = new Game(data, 1, settings);
  for (let k = 0; k < 50; k++) game.step();
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < milliseconds) { game.step(); count++; }
  return count / (performance.now() - began) * 1000;
}

export async function mount(stage) {
  const root = el("div", {class: "gan-plane"});
  stage.append(el("style", {text: STYLE}), root);

  // ---- what is going on -------------------------------------------------------------------------
  let dataName = "ring", seed = 1, preset = "balanced";
  let settings = {...DEFAULTS, ...PRESETS[preset].settings};
  const points = [];                      // what the reader drew
  let cursor = null;                      // where the keyboard draws, or null
  let game, latents, wide, real, realShares, realCloud, best, history, told;
  let samples, arrows, surface, stale, measuredAt, measuredStep, spokenAt = 0;
  let took = 0;                           // milliseconds for the last measurement
  let grounds = 0;                        // how often the surface or the real samples changed
  let pace = {steps: 0, since: 0, value: NaN}, debt = 0, gone = false;

  const empty = () => dataName === "drawn" && points.length === 0;

  /** Draw the fixed real samples that are shown and measured against. */
  function prepareData() {
    game.data = DATA[dataName](points);
    grounds++;
    const random = uniform(seed + 1);
    if (empty()) { real = new Float32Array(0); return; }
    real = sample(game.data, SHOWN, random);
    realCloud = real;
    realShares = histogram(sample(game.data, 8 * COUNTED, random), 8 * COUNTED);
    // What even a perfect generator would measure: other real samples in place of the generated.
    best = {js: jensenShannon(realShares, histogram(sample(game.data, COUNTED, random), COUNTED)),
      w1: wasserstein(realCloud, sample(game.data, SHOWN, random), SHOWN)};
  }

  /** Start the game anew, with the present settings. */
  function restart() {
    game = new Game(DATA[dataName](points), seed, settings);
    settings = game.settings;
    wide = game.draw(COUNTED);
    latents = wide.subarray(0, SHOWN * settings.latents);
    history = [];
    told = {d: NaN, g: NaN};
    measuredStep = -1;
    pace = {steps: 0, since: performance.now(), value: NaN};
    gone = false;
    play.disabled = stepper.disabled = empty();
    prepareData();
    look();
    measure();
  }

  // ---- looking and measuring --------------------------------------------------------------------

  /** Compute what the picture shows. The surface costs most, so not in every frame. */
  function look(all = true) {
    samples = game.G.forward(latents, SHOWN).slice(0, 2 * SHOWN);
    arrows = showArrows.value ? pushes(game.D, settings.loss, samples, ARROWS) : null;
    if (all && showSurface.value) {
      surface = game.D.forward(PLACES, GRID * GRID).slice(0, GRID * GRID);
      stale = performance.now();
      grounds++;
    }
    plane.redraw();
  }

  function measure() {
    const began = measuredAt = performance.now();
    if (measuredStep === game.steps && !empty()) { tell(); return; }
    measuredStep = game.steps;
    if (!empty()) {
      const many = game.G.forward(wide, COUNTED);
      const now = {step: game.steps, d: told.d, g: told.g,
        js: jensenShannon(realShares, histogram(many, COUNTED)),
        w1: wasserstein(realCloud, many, SHOWN),
        ...(game.data.modes ? coverage(game.data.modes, many, COUNTED) : {})};
      history.push(now);
      // Keep the newest point, and of the others every second once there are many.
      if (history.length > 400) history = history.filter((_, k) => k % 2 === 0 || k > 390);
    }
    tell();
    took = performance.now() - began;
  }

  function tell() {
    const now = history[history.length - 1];
    for (const strip of strips) strip.show(now);
    shownStep.textContent = `Step ${whole(game.steps)}`
      + (player.running && pace.value > 0 ? ` · ${whole(pace.value)} steps a second` : "");
    root.dataset.steps = game.steps;
    plane.node.setAttribute("aria-label", describe());
  }

  function sentence() {
    const now = history[history.length - 1];
    if (!now) return "Nothing is drawn yet.";
    const modes = game.data.modes
      ? `${now.covered} of ${game.data.modes.length} modes covered, ` : "";
    return `Step ${whole(now.step)}: ${modes}JS ${round(now.js)}, W1 ${round(now.w1)}.`;
  }

  function describe() {
    if (dataName === "drawn") {
      return `The plane, ${points.length} ${points.length === 1 ? "point" : "points"} drawn. `
        + "Arrow keys move a cursor, Space sets a point, Backspace takes the last away.";
    }
    return `The plane with real samples, generated samples and the discriminator's surface. ${
      sentence()}`;
  }

  // ---- the clock --------------------------------------------------------------------------------

  function advance() {
    game.step();
    const {discriminator: d, generator: g} = game.losses;
    const blend = (old, value) => (Number.isFinite(old) ? 0.98 * old + 0.02 * value : value);
    told = {d: blend(told.d, d), g: blend(told.g, g)};
  }

  function tick(passed) {
    const began = performance.now();
    if (settings.speed === Infinity) {
      do advance(); while (performance.now() - began < BUDGET);
    } else {
      debt = Math.min(debt + settings.speed * passed / 1000, settings.speed);
      while (debt >= 1 && performance.now() - began < BUDGET) { advance(); debt--; }
    }
    root.dataset.steps = game.steps;
    const now = performance.now();
    if (now - pace.since > 1000) {
      pace = {value: (game.steps - pace.steps) / (now - pace.since) * 1000, steps: game.steps,
        since: now};
      root.dataset.pace = Math.round(pace.value);
    }
    look(now - stale > 90);
    if (runAway()) return;
    if (now - measuredAt > Math.max(PAUSE, 8 * took)) measure();  // a slow phone: less often
    if (now - spokenAt > SPEAK) { spokenAt = now; say(sentence()); }
  }

  /** Networks can run away, a critic without penalty soonest; then nothing is left to train. */
  function runAway() {
    if (samples.every(Number.isFinite)) return false;
    gone = true;
    player.stop();
    play.disabled = stepper.disabled = true;
    say("The numbers have run away to infinity. Lower the learning rates and press Reset.");
    return true;
  }

  const player = loop(root, tick, (running) => {
    play.label = running ? "Pause" : "Play";
    root.classList.toggle("gan-plane-playing", running);
    if (running) {
      pace = {steps: game.steps, since: performance.now(), value: NaN};
      spokenAt = measuredAt = performance.now();
      stale = 0;
    } else {
      debt = 0;
      if (gone) return;
      look();
      measure();
      say(sentence(), true);
    }
  });

  // ---- the picture ------------------------------------------------------------------------------

  // What lies under the generated samples is painted once, and again when it changed.
  const under = el("canvas");
  let painted = "";  // what it shows
  const small = el("canvas", {width: GRID, height: GRID});
  const brush = small.getContext("2d");
  const ground = brush.createImageData(GRID, GRID);

  /** Green where the discriminator believes "real"; for a critic, which has no probability, green
   *  above its mean price and purple below. */
  function paintSurface(context, w, h, c) {
    const [up, down] = [rgb(c.discriminator), rgb(c.other)];
    const critic = settings.loss === "wasserstein";
    let mean = 0, widest = 1e-6;
    if (critic) {
      for (const v of surface) mean += v / surface.length;
      for (const v of surface) widest = Math.max(widest, Math.abs(v - mean));
    }
    for (let k = 0; k < surface.length; k++) {
      const t = critic ? (surface[k] - mean) / widest : sigmoid(surface[k]);
      const ink = t < 0 ? down : up;
      ground.data.set([...ink, Math.round(Math.abs(t) * 125)], 4 * k);
    }
    brush.putImageData(ground, 0, 0);
    context.imageSmoothingEnabled = true;  // at its usual quality: without a graphics card the
    context.drawImage(small, 0, 0, w, h);  // high one takes 19 milliseconds, this one 2
  }

  function dots(context, w, h, places, n, radius, colour, rim) {
    if (rim) dots(context, w, h, places, n, radius + 0.5, rim);  // a stroke would take six times as long
    context.fillStyle = colour;
    context.beginPath();
    for (let k = 0; k < n; k++) {
      const x = across(places[2 * k], w), y = down(places[2 * k + 1], h);
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fill();
  }

  const across = (x, w) => (x / REACH + 1) / 2 * w;
  const down = (y, h) => (1 - y / REACH) / 2 * h;

  function paintUnder(w, h, c) {
    const {width, height} = plane.node;
    const wanted = [width, height, c.theme, showSurface.value, grounds].join();
    if (painted === wanted) return;
    painted = wanted;
    [under.width, under.height] = [width, height];
    const context = under.getContext("2d");
    context.scale(width / w, height / h);
    if (showSurface.value && surface) paintSurface(context, w, h, c);
    dots(context, w, h, real, real.length / 2, 2.1, c.real);
    if (dataName === "drawn") {
      dots(context, w, h, points.flat(), points.length, 3.2, c.real, c.paper);
    }
  }

  const plane = canvas({width: 460, label: "", draw(context, w, h) {
    const c = colours();
    paintUnder(w, h, c);
    context.drawImage(under, 0, 0, w, h);
    if (samples && !gone) {
      dots(context, w, h, samples, SHOWN, 2.5, c.generated, c.paper);
      if (arrows) paintArrows(context, w, h, c);
    }
    if (empty()) {
      context.fillStyle = c.ink;
      context.font = "600 15px system-ui, sans-serif";
      context.textAlign = "center";
      context.fillText("Draw real points here", w / 2, 0.14 * h);
    }
    if (cursor && document.activeElement === plane.node) {
      const x = across(cursor[0], w), y = down(cursor[1], h);
      context.strokeStyle = c.ink;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, 9, 0, 2 * Math.PI);
      for (const [i, j] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 5 * i, y + 5 * j);
        context.lineTo(x + 14 * i, y + 14 * j);
      }
      context.stroke();
    }
  }});
  plane.node.classList.add("gan-plane-plane");

  function paintArrows(context, w, h, c) {
    context.strokeStyle = c.ink;
    context.lineWidth = 1.4;
    context.lineCap = "round";
    context.beginPath();
    for (let k = 0; k < ARROWS; k++) {
      const u = arrows[2 * k], v = -arrows[2 * k + 1], push = Math.hypot(u, v);
      const length = arrowLength(push, w);
      if (!(length > SEEN)) continue;
      const x = across(samples[2 * k], w), y = down(samples[2 * k + 1], h);
      const i = u / push, j = v / push, tipX = x + length * i, tipY = y + length * j;
      const head = Math.min(4.5, 0.4 * length);
      context.moveTo(x, y);
      context.lineTo(tipX, tipY);
      context.moveTo(tipX - head * (i - 0.6 * j), tipY - head * (j + 0.6 * i));
      context.lineTo(tipX, tipY);
      context.lineTo(tipX - head * (i + 0.6 * j), tipY - head * (j - 0.6 * i));
    }
    context.stroke();
  }

  // ---- drawing one's own points -----------------------------------------------------------------

  let lastX = 0, lastY = 0;
  const clamp = (v) => Math.max(-REACH + 0.1, Math.min(REACH - 0.1, v));

  function addPoint(x, y) {
    if (points.length >= 400) return;  // enough for a shape; more would only slow the page
    points.push([clamp(x), clamp(y)]);
    pointsChanged();
  }

  function pointsChanged() {
    game.data = DATA.drawn(points);
    grounds++;
    play.disabled = stepper.disabled = empty();
    clear.disabled = empty();
    plane.redraw();
  }

  /** After a stroke: new real samples everywhere, and the measures anew. */
  function settle() {
    prepareData();
    measuredStep = -1;
    if (empty()) history = [];
    look();
    measure();
  }

  drag(plane.node, {
    start(x, y) {
      if (dataName !== "drawn") return false;
      cursor = null;
      [lastX, lastY] = [x, y];
      addPoint((2 * x - 1) * REACH, (1 - 2 * y) * REACH);
      return true;
    },
    move(x, y) {
      if (Math.hypot(x - lastX, y - lastY) < 0.02) return;
      [lastX, lastY] = [x, y];
      addPoint((2 * x - 1) * REACH, (1 - 2 * y) * REACH);
    },
    end() {
      settle();
      say(`${points.length} ${points.length === 1 ? "point" : "points"} drawn.`);
    },
  });

  plane.node.addEventListener("keydown", (event) => {
    if (dataName !== "drawn") return;
    const step = event.shiftKey ? 0.6 : 0.15;
    const by = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step],
      ArrowDown: [0, -step]}[event.key];
    if (by) {
      cursor = cursor ? [clamp(cursor[0] + by[0]), clamp(cursor[1] + by[1])] : [0, 0];
      say(`Cursor at ${round(cursor[0], 1)}, ${round(cursor[1], 1)}.`);
    } else if (event.key === " " || event.key === "Enter") {
      cursor ??= [0, 0];
      addPoint(...cursor);
      settle();
      say(`Point ${points.length} at ${round(cursor[0], 1)}, ${round(cursor[1], 1)}.`);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      points.pop();
      if (empty()) player.stop();
      pointsChanged();
      settle();
      say(`${points.length} points left.`);
    } else {
      return;
    }
    event.preventDefault();
    plane.redraw();
  });
  plane.node.addEventListener("focus", () => plane.redraw());
  plane.node.addEventListener("blur", () => plane.redraw());

  /** While the reader may draw, the plane is a control and a finger does not scroll the page. */
  function drawingMode(on) {
    plane.node.classList.toggle("gan-plane-drawing", on);
    plane.node.style.touchAction = on ? "none" : "auto";
    plane.node.setAttribute("role", on ? "application" : "img");
    if (on) plane.node.setAttribute("tabindex", "0");
    else plane.node.removeAttribute("tabindex");
    hint.hidden = !on;
    play.disabled = stepper.disabled = empty();
    clear.disabled = empty();
    cursor = null;
  }

  // ---- the measures, each with its course -------------------------------------------------------

  const swatch = (colour) => el("i", {style: `background: var(--live-${colour})`,
    "aria-hidden": "true"});

  /** A row: name and number, and beside it the course over the steps. lines: [{key, colour}];
   *  range(history) gives the lowest and the highest value, floor() what is possible at best. */
  function strip({name, lines, range, floor, words}) {
    const number = el("b", {text: "–"}), small = el("small");
    const chart = canvas({width: 600, ratio: 4.6, label: name, draw(context, w, h) {
      const c = colours();
      const end = Math.max(1, game.steps), [low, high] = range(history), rest = floor?.();
      const at = (value) => h - 4 - (value - low) / (high - low) * (h - 8);
      context.strokeStyle = c.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(0, at(0));
      context.lineTo(w, at(0));
      context.stroke();
      if (Number.isFinite(rest)) {
        context.setLineDash([3, 4]);
        context.strokeStyle = c.reference;
        context.beginPath();
        context.moveTo(0, at(rest));
        context.lineTo(w, at(rest));
        context.stroke();
        context.setLineDash([]);
      }
      for (const {key, colour} of lines) {
        context.strokeStyle = c[colour];
        context.lineWidth = 1.8;
        context.lineJoin = "round";
        context.beginPath();
        let begun = false, last = null;
        for (const moment of history) {
          if (!Number.isFinite(moment[key])) continue;
          last = [moment.step / end * (w - 4), at(moment[key])];
          if (begun) context.lineTo(...last);
          else context.moveTo(...last);
          begun = true;
        }
        context.stroke();
        if (last) {
          context.fillStyle = c[colour];
          context.beginPath();
          context.arc(...last, 2.6, 0, 2 * Math.PI);
          context.fill();
        }
      }
    }});
    const label = el("div", {}, el("span", {text: `${name} `}), number, small);
    return {nodes: [label, chart.node], chart, show(now) {
      const [value, note] = words(now);
      number.textContent = value;
      small.replaceChildren(note);
      chart.node.setAttribute("aria-label",
        `${name} over the steps, now ${value || small.innerText}`);
      chart.redraw();
    }, set hidden(off) { label.hidden = chart.node.hidden = off; }};
  }

  const widest = (keys, ...values) => (list) => {
    const all = list.flatMap((now) => keys.map((key) => now[key])).filter(Number.isFinite);
    return [Math.min(...values, ...all), Math.max(...values, ...all)];
  };
  const modeStrip = strip({name: "Modes", lines: [{key: "covered", colour: "generated"}],
    range: () => [0, game.data.modes?.length ?? 1], floor: () => game.data.modes?.length,
    words: (now) => [now?.covered ?? "–", `of ${game.data.modes?.length ?? 0} covered`]});
  const strips = [
    strip({name: "JS", lines: [{key: "js", colour: "discriminator"}], range: () => [0, Math.LN2],
      floor: () => (empty() ? NaN : best.js),
      words: (now) => [round(now?.js), empty() ? "" : `at best ${round(best.js)}`]}),
    strip({name: "W1", lines: [{key: "w1", colour: "light"}],
      range: widest(["w1"], 0, 1), floor: () => (empty() ? NaN : best.w1),
      words: (now) => [round(now?.w1), empty() ? "" : `at best ${round(best.w1)}`]}),
    modeStrip,
    strip({name: "Losses",
      lines: [{key: "d", colour: "discriminator"}, {key: "g", colour: "generated"}],
      range: widest(["d", "g"], 0, 1.5),
      words: (now) => ["", el("span", {}, swatch("discriminator"), `discriminator ${round(now?.d)}`,
        el("br"), swatch("generated"), `generator ${round(now?.g)}`)]}),
  ];

  // ---- the controls -----------------------------------------------------------------------------

  const play = button({label: "Play", main: true, onClick() {
    if (player.running) player.stop();
    else if (!empty() && !gone) player.start();
  }});
  const stepper = button({label: "Step", onClick() {
    player.stop();
    if (empty() || gone) return;
    advance();
    look();
    if (runAway()) return;
    measure();
    say(sentence());
  }});
  const reset = button({label: "Reset", title: "From the start, with the same numbers", onClick() {
    player.stop();
    restart();
    say("Back at step 0, the same start.");
  }});
  const anew = button({label: "New start", title: "From the start, with other random numbers",
    onClick() {
      seed = freshSeed();
      restart();
      say("Step 0, with new random numbers.");
    }});
  const clear = button({label: "Clear points", onClick() {
    player.stop();
    points.length = 0;
    restart();
    pointsChanged();
    say("The plane is empty.");
  }});
  const hint = el("div", {class: "live-row"}, clear.node, el("p", {class: "gan-plane-quiet",
    text: "Draw by finger or mouse. By keyboard: arrow keys move, Space sets a point, "
      + "Backspace takes one away."}));

  const chooseData = choice({label: "Real samples", value: dataName, options: [
    {value: "ring", label: "Ring"}, {value: "grid", label: "Grid"},
    {value: "moons", label: "Two moons"}, {value: "drawn", label: "Draw"}],
  onChange(value) {
    dataName = value;
    if (empty()) player.stop();
    restart();
    drawingMode(value === "drawn");
    modeStrip.hidden = !game.data.modes;
    say(empty() ? "Draw real points in the plane, then press Play." : sentence());
  }});

  const choosePreset = choice({label: "Setting", value: preset,
    options: Object.entries(PRESETS).map(([value, {label}]) => ({value, label})),
    onChange(value) {
      preset = value;
      settings = {...DEFAULTS, ...PRESETS[value].settings, speed: settings.speed};
      showSettings();
      restart();
      note.textContent = PRESETS[value].words;
      say(`${PRESETS[value].label}: step 0.`);
    }});

  /** A setting was moved by hand: it holds from the next step on, and the preset is left. */
  function changed(name, value) {
    settings[name] = value;
    choosePreset.value = null;
    look();
    tell();
  }
  const chooseLoss = choice({label: "Loss", options: LOSSES, value: settings.loss,
    onChange: (value) => changed("loss", value)});
  chooseLoss.node.classList.add("gan-plane-loss");
  const dSteps = slider({label: "Discriminator steps per generator step", min: 1, max: 5, step: 1,
    value: settings.dSteps, onInput: (value) => changed("dSteps", value)});
  const dRate = slider({label: "Learning rate, discriminator", values: RATES, value: settings.dRate,
    onInput: (value) => changed("dRate", value)});
  const gRate = slider({label: "Learning rate, generator", values: RATES, value: settings.gRate,
    onInput: (value) => changed("gRate", value)});
  const adam = toggle({label: "Adam for the generator", value: settings.adam,
    onChange: (value) => changed("adam", value)});
  const penalty = slider({label: "Gradient penalty", values: PENALTIES, value: settings.penalty,
    format: (value) => (value ? String(value) : "none"),
    onInput: (value) => changed("penalty", value)});
  settings.speed = Infinity;
  const speed = slider({label: "Speed", values: SPEEDS, value: settings.speed,
    format: (value) => (value === Infinity ? "as fast as it goes" : `${value} steps a second`),
    onInput: (value) => { settings.speed = value; debt = 0; }});
  function showSettings() {
    chooseLoss.value = settings.loss;
    dSteps.value = settings.dSteps;
    dRate.value = settings.dRate;
    gRate.value = settings.gRate;
    penalty.value = settings.penalty;
    adam.value = settings.adam;
  }
  const showSurface = toggle({label: "surface", value: true, onChange: () => look()});
  const showArrows = toggle({label: "arrows", value: true, onChange: () => look()});

  // ---- put together -----------------------------------------------------------------------------

  const note = el("p", {class: "gan-plane-note", text: PRESETS[preset].words});
  const shownStep = el("p", {class: "gan-plane-quiet"});
  root.append(el("div", {class: "gan-plane-top"}, chooseData.node, choosePreset.node));
  const {view, controls, say} = panel(root, {label: "GAN in the plane"});
  view.append(group(null, play.node, stepper.node, reset.node, anew.node), plane.node,
    el("div", {class: "gan-plane-key"}, el("span", {}, swatch("real"), "real"),
      el("span", {}, swatch("generated"), "generated"), showSurface.node, showArrows.node),
    hint, speed.node, root.querySelector(".live-say"), note);
  controls.append(shownStep,
    el("div", {class: "gan-plane-strips"}, ...strips.flatMap(({nodes}) => nodes)),
    chooseLoss.node, dSteps.node, dRate.node, gRate.node, adam.node, penalty.node,
    el("details", {class: "gan-plane-words"}, el("summary", {text: "What is measured"}),
      el("p", {text: MEASURED})));
  drawingMode(false);
  restart();

  return {stop() {
    player.end();
    plane.stop();
    for (const {chart} of strips) chart.stop();
  }};
}

/** The places where the surface is computed: the middles of GRID x GRID cells, top row first. */
const PLACES = Float32Array.from({length: 2 * GRID * GRID}, (_, k) => {
  const cell = k >> 1, column = cell % GRID, row = Math.floor(cell / GRID);
  return k % 2 ? (1 - (row + 0.5) / GRID * 2) * REACH : ((column + 0.5) / GRID * 2 - 1) * REACH;
});
