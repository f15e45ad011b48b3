// Two trainings at the same second: the tutorial's settings and ours, joined to one slider.
//
// Nothing is computed here. The state is one number, the stop on the slider; pictures, charts and
// table show it. Charts can be dragged as well.

import {button, canvas, colours, drag, el, loop, panel, slider} from "../lib/frame.js";
import {at, fetchFilm, logScale, nearest, passes, tile} from "./film.js";

export {at, fetchFilm, logScale, nearest, passes, tile} from "./film.js";

const NAMES = ["tutorial", "ours"];
const TITLES = {tutorial: "The tutorial", ours: "Ours"};
const BEAT = 380;        // milliseconds a stop lasts while it plays
const FIRST = 60;        // the second that is shown first
const GUESSING = 2 * Math.log(2);
const TICKS = [10, 20, 60, 120, 240, 600];

const STYLE = `
.training-run-pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr));
  gap: 0.35rem 0.9rem; }
.training-run-pair .live-canvas, .training-run-chart { max-width: none !important; }
.training-run-title { font-size: 0.88rem; font-weight: 600; margin: 0; line-height: 1.35;
  display: flex; gap: 0.45rem; align-items: baseline; }
.training-run-title::before { content: ""; flex: none; width: 0.7rem; height: 0.7rem;
  border-radius: 50%; background: var(--training-run-key); forced-color-adjust: none; }
.training-run-row { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0.2rem 1rem;
  align-items: end; }
.training-run-row .live-button { min-width: 5.4rem; min-height: 2.75rem; }
.training-run-row .live-slider input { height: 2.75rem; }
.training-run-row .live-slider output { font-weight: 600; color: var(--pst-color-text-base); }
.training-run-name { font-size: 0.86rem; font-weight: 600; margin: 0; line-height: 1.4;
  max-width: none; }
.training-run-chart { cursor: ew-resize; border-radius: 0; aspect-ratio: auto !important;
  height: 12rem; }
.training-run-pair .training-run-chart { height: 7.5rem; }
.training-run-note { font-size: 0.82rem; color: var(--pst-color-text-muted); margin: 0;
  max-width: none; line-height: 1.45; }
.live-figure .training-run-table { display: table; border-collapse: collapse; width: 100%;
  font-size: 0.88rem; margin: 0; font-variant-numeric: tabular-nums; line-height: 1.5;
  background: none; table-layout: fixed; }
.live-figure .training-run-table :is(th, td) { padding: 0.15rem 0; border: 0; background: none;
  border-top: 1px solid var(--live-line); color: var(--pst-color-text-base); text-align: right; }
.live-figure .training-run-table th { font-weight: 600; }
.live-figure .training-run-table th:first-child { font-weight: 400; text-align: left; width: 44%; }
.live-figure .training-run-table thead :is(th, th:first-child) { border: 0; font-weight: 600; }
.live-stage:has(.training-run-pair) .live-say { position: absolute; width: 1px; height: 1px;
  margin: 0; overflow: hidden; clip-path: inset(50%); } /* the table shows what it says */`;

export async function mount(stage, {base, progress}) {
  const {numbers, sprite} = await fetchFilm(base, progress);
  const {moments} = numbers;
  const last = moments.length - 1;
  const low = moments[0], high = moments[last];
  let stop = nearest(moments, FIRST), touched = false;
  const keys = {tutorial: "reference", ours: "generated"};
  const overtaking = passes(numbers.ours, numbers.tutorial);

  // The two sheets.
  const sheets = NAMES.map((name) => canvas({width: 700, label: "", draw(context, w, h) {
    const gap = Math.max(1, Math.round(w / 140)), n = numbers.sheet;
    const side = (w - gap * (n - 1)) / n;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    for (let i = 0; i < n * n; i++) {
      const [left, top] = tile(numbers, numbers[name].frames[stop], i);
      context.drawImage(sprite, left, top, 28, 28, (i % n) * (side + gap),
        Math.floor(i / n) * (side + gap), side, side);
    }
  }}));

  // The charts; all have the same seconds across, and a line at the present one.
  const charts = [];
  /** `paint(context, box, x, c)` draws the curves in `box` = {left, right, top, bottom}. */
  function chart({left, right = 10}, paint) {
    const inset = {left, right};
    const made = canvas({width: 900, label: "", draw(context, w, h) {
      const c = colours();
      const box = {left: inset.left, right: w - inset.right, top: 8, bottom: h - 20};
      const x = logScale(low, high, box.left, box.right);
      context.font = `11px ${getComputedStyle(stage).fontFamily}`;
      context.lineWidth = 1;
      context.strokeStyle = c.line;
      context.fillStyle = c.muted;
      context.textAlign = "center";
      context.textBaseline = "top";
      const room = box.right - box.left;
      for (const tick of TICKS.filter((t) => room > 240 || t !== 20 && t !== 120 && t !== 240)) {
        context.textAlign = tick === high ? "right" : "center";
        context.fillText(tick === high ? `${tick} s` : tick, tick === high ? w : x(tick),
          box.bottom + 5);
        context.beginPath();
        context.moveTo(x(tick), box.bottom);
        context.lineTo(x(tick), box.bottom + 4);
        context.stroke();
      }
      context.beginPath();
      context.moveTo(box.left, box.bottom + 0.5);
      context.lineTo(box.right, box.bottom + 0.5);
      context.stroke();
      context.strokeStyle = c.ink;
      context.globalAlpha = 0.55;
      context.beginPath();
      context.moveTo(x(moments[stop]), box.top - 4);
      context.lineTo(x(moments[stop]), box.bottom);
      context.stroke();
      context.globalAlpha = 1;
      paint(context, box, x, c);
    }});
    made.node.classList.add("training-run-chart");
    const scrub = (share) => {
      const w = made.node.clientWidth;
      const x = logScale(low, high, inset.left, w - inset.right);
      go(nearest(moments, x.back(share * w)));
    };
    drag(made.node, {start: (share) => { player.stop(); scrub(share); }, move: scrub,
      sideways: true});
    charts.push(made);
    return made;
  }
  function curve(context, xs, ys, colour, width = 2, dash = []) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.lineJoin = "round";
    context.setLineDash(dash);
    context.beginPath();
    xs.forEach((x, i) => context.lineTo(x, ys[i]));
    context.stroke();
    context.setLineDash([]);
  }
  function dot(context, x, y, colour, paper, radius = 4.5) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = colour;
    context.fill();
    context.strokeStyle = paper;
    context.lineWidth = 1.5;
    context.stroke();
  }
  function across(context, box, y, text, c, line = c.line) {  // a horizontal mark with its number
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = c.muted;
    context.fillText(text, box.left - 6, y);
    context.strokeStyle = line;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(box.left, y);
    context.lineTo(box.right, y);
    context.stroke();
  }

  const values = NAMES.flatMap((name) => numbers[name].frechet);
  const range = [Math.min(numbers.floor, ...values) * 0.8, Math.max(...values) * 1.15];
  const distances = chart({left: 30}, (context, box, x, c) => {
    const y = logScale(...range, box.bottom, box.top);
    for (const tick of [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]) {
      if (tick > 1.3 * numbers.floor && tick < range[1]) across(context, box, y(tick), tick, c);
    }
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.fillStyle = c.ink;
    context.fillText(`real digits ${numbers.floor.toFixed(1)}`, box.left + 6, y(numbers.floor) - 2);
    curve(context, [box.left, box.right], [y(numbers.floor), y(numbers.floor)], c.ink, 1.2, [5, 4]);
    if (overtaking) {  // from where ours passes to where the tutorial is at its best
      const from = x(moments[overtaking.stop]), high = y(overtaking.best), wide = box.right - from > 400;
      curve(context, [from, from, x(moments[overtaking.at])], [high - 5, high, high], c.muted, 1.2);
      context.textBaseline = "top";
      context.fillStyle = c.ink;
      context.fillText(`${wide ? "ours passes the tutorial’s best" : "ours passes it"}: ${
        moments[overtaking.stop]} s`, from + 0.2 * (box.right - from), high + 4);
    }
    for (const name of NAMES) {
      const colour = c[keys[name]], found = numbers[name].frechet;
      curve(context, moments.map(x), found.map(y), colour);
      dot(context, x(moments[stop]), y(found[stop]), colour, c.surface);
    }
  });

  const ceiling = 1.04 * Math.max(GUESSING, ...NAMES.flatMap((name) => {
    const {ends, d_loss: d, g_loss: g} = numbers[name];
    return ends.flatMap((end, i) => (end >= low ? [d[i], g[i]] : []));
  }));
  const losses = NAMES.map((name) => chart({left: 18, right: 8}, (context, box, x, c) => {
    const reel = numbers[name];
    const y = (value) => box.bottom + (box.top - box.bottom) * value / ceiling;
    for (const tick of [0, 1, 2].filter((t) => t < ceiling)) across(context, box, y(tick), tick, c);
    curve(context, [box.left, box.right], [y(GUESSING), y(GUESSING)], c.muted, 1.2, [2, 3]);
    context.textAlign = "left";
    context.textBaseline = "bottom";
    context.font = `600 ${context.font}`;
    for (const [i, letter, role] of [[0, "D", "discriminator"], [1, "G", "generated"]]) {
      context.fillStyle = c[role];
      context.fillText(letter, box.left + 6 + 16 * i, box.bottom - 4);
    }
    const shown = reel.ends.map((_, i) => i).filter((i) => reel.ends[i] >= low);
    const now = at(reel, stop);
    for (const [key, role] of [["d_loss", "discriminator"], ["g_loss", "generated"]]) {
      curve(context, shown.map((i) => x(Math.min(reel.ends[i], high))),
        shown.map((i) => y(reel[key][i])), c[role], 1.8);
      const place = Math.max(low, Math.min(high, now.ended));
      dot(context, x(place), y(now[key]), c[role], c.surface, 3.5);
    }
  }));

  // The slider, and its playing by itself.
  const time = slider({label: "Seconds", values: moments,
    value: moments[stop], format: (v) => `${v} s`, onInput(value) {
      player.stop();
      go(moments.indexOf(value));
    }});
  let passed = 0;
  const player = loop(stage, (milliseconds) => {
    passed += milliseconds;
    if (passed < BEAT) return;
    passed = 0;
    if (stop < last) go(stop + 1, false);
    if (stop === last) {
      player.stop();
      tell();
    }
  }, (running) => { play.label = running ? "Pause" : "Play"; });
  const play = button({label: "Play", main: true, title: "Let the seconds pass", onClick() {
    if (player.running) {
      player.stop();
      tell();
      return;
    }
    if (stop === last || !touched) go(0, false);
    passed = 0;
    player.start();
  }});

  // The table.
  const fixed = (digits) => (v) => v.toFixed(digits);
  const rows = [["epochs", "epoch", String], ["steps", "steps", (v) => v.toLocaleString("en")],
    ["ready after, s", "ended", fixed(1)], ["Fréchet distance", "frechet", fixed(1)],
    ["precision", "precision", fixed(2)], ["recall", "recall", fixed(2)]];
  const cells = rows.map(() => NAMES.map(() => el("td")));
  const head = el("th", {scope: "col"});
  const table = el("table", {class: "training-run-table"},
    el("thead", {}, el("tr", {}, head,
      el("th", {scope: "col", text: "tutorial"}), el("th", {scope: "col", text: "ours"}))),
    el("tbody", {}, ...rows.map(([word], i) => el("tr", {}, el("th", {scope: "row", text: word}),
      ...cells[i]))));

  const {view, controls, say} = panel(stage, {label: "Two trainings side by side"});
  stage.append(el("style", {text: STYLE}));
  view.parentNode.classList.add("live-wide");
  const {ends} = numbers.tutorial;
  const title = (name) => el("p", {class: "training-run-title", text: TITLES[name],
    style: `--training-run-key: var(--live-${keys[name]})`});
  const losing = (name) => el("p", {class: "training-run-name", text: `Losses: ${name}`});
  view.append(
    el("div", {class: "training-run-pair"}, ...NAMES.map(title), ...sheets.map((s) => s.node)),
    el("div", {class: "training-run-row"}, play.node, time.node));
  controls.append(
    el("p", {class: "training-run-name",
      text: "Fréchet distance to unseen digits (lower is better)"}),
    distances.node,
    el("div", {class: "training-run-pair"}, ...NAMES.map(losing), ...losses.map((l) => l.node)),
    table,
    el("p", {class: "training-run-note", text: "One run each (seed 0) on 8,000 digits. Seconds are "
      + "processor seconds: two busy cores spend two of them in one on the wall. Each place in a "
      + "sheet keeps its latent. The tutorial’s "
      + `epochs take about ${Math.round(ends[ends.length - 1] / ends.length)} seconds each: `
      + "shown is the one under way, at its end; of ours, the last that had ended. Dotted: "
      + "2 log 2, where a discriminator guesses. Precision near 1 with recall 0 is no praise: one "
      + "texture, which falls among a few odd digits. Filmed on another day than the chapter’s "
      + "tables were measured: a core was slower then, above all at the tutorial’s large layers."}));

  function tell() {
    const [theirs, our] = NAMES.map((name) => at(numbers[name], stop));
    say(`${moments[stop]} processor seconds. The tutorial: epoch ${theirs.epoch}, Fréchet distance `
      + `${theirs.frechet.toFixed(1)}, precision ${theirs.precision.toFixed(2)}, recall `
      + `${theirs.recall.toFixed(2)}. Ours: epoch ${our.epoch}, Fréchet distance `
      + `${our.frechet.toFixed(1)}, precision ${our.precision.toFixed(2)}, recall `
      + `${our.recall.toFixed(2)}.`);
  }
  const words = overtaking ? `; from ${moments[overtaking.stop]} seconds on ours is better than the `
    + `tutorial ever gets, ${overtaking.best.toFixed(1)}` : "";
  function show() {
    time.value = moments[stop];
    head.textContent = `At ${moments[stop]} s`;
    NAMES.forEach((name, i) => {
      const now = at(numbers[name], stop);
      rows.forEach(([, key, format], row) => { cells[row][i].textContent = format(now[key]); });
      sheets[i].node.setAttribute("aria-label",
        `25 pictures after ${moments[stop]} processor seconds, ${name}`);
      losses[i].node.setAttribute("aria-label", `Losses, ${name}: after epoch ${now.epoch} `
        + `discriminator ${now.d_loss.toFixed(2)}, generator ${now.g_loss.toFixed(2)}`);
    });
    distances.node.setAttribute("aria-label", "Fréchet distance against processor seconds: at "
      + `${moments[stop]} seconds tutorial ${numbers.tutorial.frechet[stop].toFixed(1)}, ours `
      + `${numbers.ours.frechet[stop].toFixed(1)}, real digits ${numbers.floor.toFixed(1)}${words}`);
    for (const part of [...sheets, ...charts]) part.redraw();
  }
  function go(to, aloud = true) {
    touched = true;
    if (to === stop) return;
    stop = to;
    show();
    if (aloud) tell();
  }
  show();

  return {stop() {
    player.end();
    for (const part of [...sheets, ...charts]) part.stop();
    sprite.close();
  }};
}
