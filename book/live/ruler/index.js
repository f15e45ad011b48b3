import {el, panel, group, button, slider, choice, select, colours, canvas, drag, fault, share}
  from "../lib/frame.js";
import {uniform, normal} from "../lib/random.js";
import {frechet, kernelDistance, kernelValue, precisionRecall, summary, place, drawShape,
  trueFrechet, trueKernel, SHAPES} from "./metrics.js";
import {chart} from "./chart.js";

export * from "./metrics.js";

const REACH = 4.5;  // the plane shows -4.5 to 4.5 in both directions
const COUNTS = [10, 20, 50, 100, 200, 500, 1000, 2000];
const REDRAWS = [200, 200, 160, 120, 80, 48, 32, 24];  // about as much luck in each mean
const LAND_REDRAWS = [60, 60, 40, 30, 20, 10, 6, 4];  // precision and recall cost more
const LIMITS = {x: [-3, 3], y: [-3, 3], long: [0.15, 2], wide: [0.15, 2], turn: [-180, 180]};
const SIDES = ["real", "generated"];
const SIZE = 40;  // of what a finger can take hold of, in CSS pixels

const heap = {shape: "heap", x: 0, y: 0, long: 1, wide: 1, turn: 0};
const two = {...heap, shape: "two heaps", long: 1.6, wide: 0.6, turn: 30};
const CASES = [
  {name: "same", real: heap, generated: heap,
    note: "Two samples of one world. Take fewer points: the Fréchet distance climbs, the kernel "
      + "distance only scatters."},
  {name: "shifted", real: heap, generated: {...heap, x: 1.2},
    note: "Both distances see it at once. Precision and recall hardly do."},
  {name: "too narrow", real: heap, generated: {...heap, long: 0.35, wide: 0.35},
    note: "Every generated point could be real, so precision stays. Recall falls."},
  {name: "too wide", real: heap, generated: {...heap, long: 1.9, wide: 1.9},
    note: "Recall stays high. Precision falls: some generated points stand where nothing real is."},
  {name: "half the modes", real: two, generated: {...heap, long: 0.3 * 1.6, wide: 0.6, turn: 30,
    x: Math.sqrt(0.91) * 1.6 * Math.cos(Math.PI / 6), y: Math.sqrt(0.91) * 0.8},
    note: "One of two kinds is never made. Precision stays high, and recall is about one half."},
  {name: "ring", real: heap, generated: {...heap, shape: "ring"},
    note: "Mean, covariance and third moments agree: both distances read almost nothing. "
      + "Recall sees the ring."},
  {name: "skewed", real: heap, generated: {...heap, shape: "skewed"},
    note: "Mean and covariance agree, third moments do not: with many points the kernel distance "
      + "notices, the Fréchet distance does not."},
];

const STYLE = `
.ruler-plane { position: relative; width: 100%; max-width: 440px; margin: 0 auto; }
.ruler-handle { position: absolute; width: ${SIZE}px; height: ${SIZE}px; margin: -${SIZE / 2}px;
  border-radius: 50%; cursor: grab; touch-action: none; display: grid; place-items: center; }
.ruler-handle::before { content: ""; width: 11px; height: 11px; border-radius: 50%;
  background: var(--live-paper); border: 3px solid var(--ruler-colour); forced-color-adjust: none; }
.ruler-sign { forced-color-adjust: none; }
.ruler-handle.ruler-at-centre::before { width: 17px; height: 17px; background: var(--ruler-colour);
  border-color: var(--live-paper); box-shadow: 0 0 0 1.5px var(--ruler-colour); }
.ruler-handle:focus-visible { outline: 3px solid var(--pst-color-secondary); outline-offset: -5px; }
.ruler-handle:active { cursor: grabbing; }
.ruler-hint { text-align: center; font-size: 0.82rem; color: var(--pst-color-text-muted); margin: 0;
  max-width: none; line-height: 1.45; }
.ruler-key { display: flex; flex-wrap: wrap; gap: 0.1rem 1rem; justify-content: center; margin: 0;
  font-size: 0.82rem; color: var(--pst-color-text-muted); max-width: none; }
.ruler-numbers { display: grid; grid-template-columns: repeat(4, auto); gap: 0.1rem 0.8rem;
  width: 100%; max-width: 440px; margin: 0 auto; }
.ruler-numbers div { display: flex; flex-direction: column; }
.ruler-numbers dt { font-size: 0.8rem; font-weight: 500; margin: 0;
  color: var(--pst-color-text-muted); }
.ruler-numbers dd { margin: 0; font-size: 1.25rem; line-height: 1.3; font-weight: 600;
  font-variant-numeric: tabular-nums; color: var(--pst-color-text-base); white-space: nowrap; }
.ruler-numbers dd small { display: block; font-size: 0.78rem; font-weight: 400;
  color: var(--pst-color-text-muted); }
.ruler-note, .ruler-small { font-size: 0.88rem; line-height: 1.45; margin: 0; max-width: none; }
.ruler-now { min-height: 4.4em; }
.ruler-small { font-size: 0.8rem; color: var(--pst-color-text-muted); }
.ruler-wide { grid-column: 1 / -1; border-top: 1px solid var(--pst-color-border);
  padding-top: 0.7rem; }
.ruler-cards { display: grid; gap: 1rem 1.25rem; grid-template-columns: minmax(0, 1fr);
  margin-top: 0.6rem; }
@media (min-width: 720px) { .ruler-cards { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .ruler-numbers { grid-template-columns: repeat(4, 1fr); } }
.ruler-title { font-size: 0.9rem; font-weight: 600; margin: 0; max-width: none; }
.ruler-card { display: flex; flex-direction: column; gap: 0.25rem; min-width: 0; }
.ruler-body + .live-say { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); margin: 0; white-space: nowrap; } /* it stands in the figure */
.ruler-body .live-option span { min-height: 2.5rem; }
.ruler-body .live-controls details.ruler-more:not(.hide) { border: 0; padding: 0; margin: 0; background: none; }
.ruler-more summary { font-size: 0.88rem; min-height: 2.5rem; display: flex; align-items: center;
  gap: 0.4rem; cursor: pointer; color: var(--pst-color-link); }
.ruler-more summary::before { content: "+"; font-weight: 600; width: 0.8em; text-align: center; }
.ruler-more[open] summary::before { content: "−"; }
.ruler-more > div { display: flex; flex-direction: column; gap: 0.5rem; }
`;

const clamp = (value, [low, high]) => Math.max(low, Math.min(high, value));
const signed = (value) => value.toFixed(Math.abs(value) < 10 ? 2 : 1).replace("-", "−");

/** Where a handle stands: [x, y]. Those of the real cloud point away from those of the generated,
 *  so that clouds which coincide can still be told apart. */
function spot(cloud, side, kind) {
  if (kind === "centre") return [cloud.x, cloud.y];
  const angle = cloud.turn * Math.PI / 180 + (kind === "wide" ? Math.PI / 2 : 0);
  const away = (side === "real" ? -1 : 1) * (2 * cloud[kind] + 0.3);
  const [dx, dy] = [away * Math.cos(angle), away * Math.sin(angle)];
  const edge = REACH - 0.35;  // a handle stays in sight: it slides back along its stick
  const inward = (from, step) => (step ? Math.max(0, (Math.sign(step) * edge - from) / step) : 1);
  const share = Math.min(1, inward(cloud.x, dx), inward(cloud.y, dy));
  return [cloud.x + share * dx, cloud.y + share * dy];
}

/** The ellipse of a mean and covariance at two standard deviations: {angle, long, wide}. */
function ellipse([a, b, c]) {
  const half = (a + c) / 2, gap = Math.hypot((a - c) / 2, b);
  return {angle: Math.atan2(2 * b, a - c) / 2, long: 2 * Math.sqrt(half + gap),
    wide: 2 * Math.sqrt(Math.max(half - gap, 0))};
}

/** A coloured sign for keys and titles. */
function sign(side, text = "●") {
  const node = el("b", {class: "ruler-sign", text, "aria-hidden": "true"});
  node.style.color = `var(--live-${side})`;
  return node;
}

/** Samples that a seed repeats: the same draws before a cloud is stretched, turned and moved. */
function samples() {
  const kept = new Map();
  return (shape, count, seed) => {
    const key = `${shape} ${count} ${seed}`;
    if (!kept.has(key)) {
      const random = uniform(seed);
      kept.set(key, drawShape(shape, count, random, normal(random)));
    }
    return kept.get(key);
  };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** All that the three charts show of two clouds, in pieces; hands over each chart's dots. */
function* manyDraws(clouds, draws, give) {
  const pairs = function* (redraws) {
    for (const [c, count] of COUNTS.entries()) {
      const bases = SIDES.map((side, s) =>
        draws(clouds[side].shape, count * REDRAWS[c], 1000 + 2 * c + s));
      for (let r = 0; r < redraws[c]; r++) {
        yield [c, ...SIDES.map((side, s) =>
          place(clouds[side], bases[s].subarray(2 * count * r, 2 * count * (r + 1))))];
      }
    }
  };
  const empty = () => COUNTS.map(() => []);
  const [f, k, p, q] = [empty(), empty(), empty(), empty()];
  for (const [c, a, b] of pairs(REDRAWS)) {
    f[c].push(frechet(a, b));
    k[c].push(kernelValue(a, b));
    yield;
  }
  give("frechet", [f], trueFrechet(clouds.real, clouds.generated));
  give("kernel", [k], trueKernel(clouds.real, clouds.generated));
  yield "distances";
  for (const [c, a, b] of pairs(LAND_REDRAWS)) {
    const {precision, recall} = precisionRecall(a, b);
    p[c].push(precision);
    q[c].push(recall);
    yield "land";
  }
  give("land", [p, q], null);
}

export async function mount(stage) {
  const {view, controls, say} = panel(stage, {label: "Two clouds in the plane and three rulers"});
  stage.append(el("style", {text: STYLE}));
  const body = view.parentElement;
  body.classList.add("ruler-body");
  const clouds = {real: {...heap}, generated: {...heap, x: 1.2}};
  const state = {count: 100, seed: 1, land: "real", points: {}, found: null};
  const draws = samples();
  let current = samples();  // of the sample that is shown; forgotten when a new one is drawn

  // ---- the plane and its handles ----

  const board = canvas({width: 440, label: "", draw: paint});
  const handles = [];
  for (const side of SIDES) {
    for (const kind of ["long", "wide", "centre"]) {
      const node = el("div", {class: `ruler-handle ruler-at-${kind}`, tabindex: "0",
        role: "application", "aria-roledescription": "handle"});
      node.style.setProperty("--ruler-colour", `var(--live-${side})`);
      node.addEventListener("keydown", (event) => press(event, side, kind));
      handles.push({side, kind, node});
    }
  }
  const plane = el("div", {class: "ruler-plane"}, board.node, ...handles.map(({node}) => node));
  const numbers = Object.fromEntries([["frechet", "Fréchet"], ["kernel", "kernel"],
    ["precision", "precision"], ["recall", "recall"]].map(([name, label]) => {
    const value = document.createTextNode(""), under = [el("small"), el("small")];
    return [name, {value, under, node: el("div", {}, el("dt", {text: label}),
      el("dd", {}, value, ...under))}];
  }));
  const key = el("p", {class: "ruler-key"});
  const hint = el("p", {class: "ruler-hint", text: "Drag a disc to move its cloud, a ring to "
    + "stretch and turn it; or use the arrow keys."});
  view.append(plane, hint, key, el("dl", {class: "ruler-numbers"},
    ...Object.values(numbers).map(({node}) => node)));

  function paint(context, w) {
    const c = colours(), scale = w / (2 * REACH);
    const at = (x, y) => [(x + REACH) * scale, (REACH - y) * scale];
    context.fillStyle = c.paper;
    context.fillRect(0, 0, w, w);
    context.save();
    context.beginPath();
    context.rect(0, 0, w, w);
    context.clip();
    const {found, points} = state;
    const dots = (values, colour, size, opacity, keep = () => true) => {
      context.fillStyle = colour;
      context.globalAlpha = opacity;
      context.beginPath();
      for (let i = 0; i < values.length / 2; i++) {
        if (!keep(i)) continue;
        const [x, y] = at(values[2 * i], values[2 * i + 1]);
        context.moveTo(x + size, y);
        context.arc(x, y, size, 0, 2 * Math.PI);
      }
      context.fill();
      context.globalAlpha = 1;
    };
    if (found && state.land !== "none") {  // one path for all balls: their union is evenly tinted
      const side = state.land, radii = found[`${side}Radii`], centres = points[side];
      context.beginPath();
      for (let i = 0; i < radii.length; i++) {
        const [x, y] = at(centres[2 * i], centres[2 * i + 1]), r = Math.sqrt(radii[i]) * scale;
        context.moveTo(x + r, y);
        context.arc(x, y, r, 0, 2 * Math.PI);
      }
      context.fillStyle = c[side];
      context.globalAlpha = 0.16;
      context.fill();
      if (state.count <= 50) {
        context.strokeStyle = c[side];
        context.globalAlpha = 0.35;
        context.lineWidth = 0.75;
        context.stroke();
      }
      context.globalAlpha = 1;
    }
    const size = (state.count <= 100 ? 3 : state.count <= 500 ? 2.2 : 1.5) * Math.sqrt(w / 400);
    const seen = state.count <= 500 ? 0.8 : 0.55;
    for (const side of SIDES) {
      const off = found && state.land !== "none" && state.land !== side
        ? found[side === "generated" ? "onReal" : "onGenerated"] : null;
      dots(points[side], c[side], size, seen, off ? (i) => off[i] : undefined);
      if (!off) continue;
      context.strokeStyle = c[side];  // off the other's land: an open ring
      context.lineWidth = 1.5;
      context.beginPath();
      off.forEach((on, i) => {
        if (on) return;
        const [x, y] = at(points[side][2 * i], points[side][2 * i + 1]);
        context.moveTo(x + size + 1.5, y);
        context.arc(x, y, size + 1.5, 0, 2 * Math.PI);
      });
      context.stroke();
    }
    for (const side of SIDES) {
      const {mean: [mx, my], cov} = summary(points[side]), {angle, long, wide} = ellipse(cov);
      const [x, y] = at(mx, my);
      context.strokeStyle = c[side];
      context.lineWidth = 2;
      context.beginPath();
      context.ellipse(x, y, long * scale, wide * scale, -angle, 0, 2 * Math.PI);
      context.stroke();
      context.lineWidth = 1;
      context.setLineDash([3, 3]);
      context.beginPath();
      for (const kind of ["long", "wide"]) {
        context.moveTo(...at(clouds[side].x, clouds[side].y));
        context.lineTo(...at(...spot(clouds[side], side, kind)));
      }
      context.stroke();
      context.setLineDash([]);
    }
    context.restore();
    context.strokeStyle = c.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, w - 1, w - 1);
  }

  function placeHandles() {
    for (const {side, kind, node} of handles) {
      const cloud = clouds[side], [x, y] = spot(cloud, side, kind);
      node.style.left = `${(x + REACH) / (2 * REACH) * 100}%`;
      node.style.top = `${(REACH - y) / (2 * REACH) * 100}%`;
      node.setAttribute("aria-label", kind === "centre"
        ? `${side} cloud, centre: x ${signed(cloud.x)}, y ${signed(cloud.y)}; arrow keys move it`
        : `${side} cloud, ${kind === "long" ? "first" : "second"} direction: spread `
          + `${cloud[kind].toFixed(2)}, turned ${Math.round(cloud.turn)} degrees; up and down keys `
          + "stretch it, left and right turn it");
    }
    const words = (side) => `${side} cloud (${clouds[side].shape}) at x ${signed(clouds[side].x)}, `
      + `y ${signed(clouds[side].y)}, spreads ${clouds[side].long.toFixed(2)} and `
      + `${clouds[side].wide.toFixed(2)}`;
    board.node.setAttribute("aria-label",
      `${state.count} points each. ${words("real")}; ${words("generated")}`);
  }

  function change(side, values) {
    for (const [name, value] of Object.entries(values)) {
      if (name === "shape") clouds[side].shape = value;
      else if (name === "turn") clouds[side].turn = ((value + 180) % 360 + 360) % 360 - 180;
      else clouds[side][name] = clamp(value, LIMITS[name]);
    }
    cases.value = null;
    note.textContent = "Your own clouds. Choose a case to begin again.";
    update();
  }

  function press(event, side, kind) {
    const cloud = clouds[side], step = event.shiftKey ? 5 : 1;
    const [right, up] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1],
      ArrowDown: [0, -1]}[event.key] ?? [0, 0];
    if (!right && !up) return;
    event.preventDefault();
    if (kind === "centre") {
      change(side, {x: cloud.x + 0.1 * step * right, y: cloud.y + 0.1 * step * up});
    } else if (up) change(side, {[kind]: cloud[kind] + 0.05 * step * up});
    else change(side, {turn: cloud.turn - 5 * step * right});
    tell();
  }

  let held = null;
  const inPlane = (x, y) => [(2 * x - 1) * REACH, (1 - 2 * y) * REACH];
  drag(plane, {
    start(x, y, event) {
      const at = inPlane(x, y), unit = board.node.clientWidth / (2 * REACH);
      const near = handles.map(({side, kind}) => {
        const [hx, hy] = spot(clouds[side], side, kind);
        return Math.hypot(hx - at[0], hy - at[1]) * unit;
      });
      const least = near.reduce((a, b) => Math.min(a, b), Infinity);
      let handle = least <= SIZE * 0.7 ? handles[near.lastIndexOf(least)] : null;
      if (!handle && event.pointerType === "mouse") {  // a cloud may be taken anywhere
        const side = [...SIDES].reverse().find((name) => {
          const cloud = clouds[name], turn = cloud.turn * Math.PI / 180;
          const dx = at[0] - cloud.x, dy = at[1] - cloud.y;
          return Math.hypot((dx * Math.cos(turn) + dy * Math.sin(turn)) / cloud.long,
            (dy * Math.cos(turn) - dx * Math.sin(turn)) / cloud.wide) < 2;
        });
        handle = handles.find((h) => h.side === side && h.kind === "centre");
      }
      if (!handle) return false;
      held = {...handle, from: at, cloud: {...clouds[handle.side]}};
      handle.node.focus({preventScroll: true});
      return true;
    },
    move(x, y) {
      const at = inPlane(x, y), {side, kind, from, cloud} = held;
      if (kind === "centre") {
        change(side, {x: cloud.x + at[0] - from[0], y: cloud.y + at[1] - from[1]});
        return;
      }
      const arm = ([px, py]) => [Math.hypot(px - cloud.x, py - cloud.y),
        Math.atan2(py - cloud.y, px - cloud.x)];
      const [r0, angle0] = arm(from), [r, angle] = arm(at);
      change(side, {[kind]: cloud[kind] + (r - r0) / 2,
        turn: cloud.turn + (angle - angle0) * 180 / Math.PI});
    },
    end() { tell(); },
  });
  plane.style.touchAction = "pan-y pinch-zoom";  // beside the handles a finger scrolls the page

  // ---- controls ----

  const cases = choice({label: "Clouds to try", value: "shifted",
    options: CASES.map(({name}) => ({value: name, label: name})), onChange: choose});
  const note = el("p", {class: "ruler-note ruler-now", text: CASES[1].note});
  const counts = slider({label: "points on each side, N", values: COUNTS, value: state.count,
    onInput(value) { state.count = value; update(); tell(); }});
  const again = button({label: "New sample", onClick() {
    state.seed++;
    current = samples();
    update(false);
    tell();
  }});
  const lands = choice({label: "Land: a ball round each point, to its third neighbour",
    value: "real", onChange(value) { state.land = value; update(false); },
    options: [{value: "real", label: "real"}, {value: "generated", label: "generated"},
      {value: "none", label: "none"}]});
  let chosen = "generated";
  const which = choice({label: "Cloud", value: chosen, onChange(value) { chosen = value; sync(); },
    options: SIDES.map((side) => ({value: side, label: side}))});
  const shape = select({label: "shape", options: Object.keys(SHAPES).map((name) =>
    ({value: name, label: name})), onChange(value) { change(chosen, {shape: value}); tell(); }});
  const sliders = Object.entries({x: "x", y: "y", long: "spread, first direction",
    wide: "spread, second direction", turn: "turn"}).map(([name, label]) => {
    const [min, max] = LIMITS[name];
    return [name, slider({label, min, max, step: name === "turn" ? 1 : 0.05, value: 0,
      format: (v) => (name === "turn" ? `${Math.round(v)}°` : signed(v)),
      onInput(value) { change(chosen, {[name]: value}); tell(); }})];
  });
  const more = el("details", {class: "ruler-more"}, el("summary", {text: "Set a cloud by numbers"}),
    el("div", {}, which.node, shape.node, ...sliders.map(([, {node}]) => node)));
  controls.append(cases.node, note, counts.node, group(null, again.node), lands.node, more);

  function sync() {
    shape.value = clouds[chosen].shape;
    for (const [name, control] of sliders) control.value = clouds[chosen][name];
  }

  function choose(name) {
    const found = CASES.find((one) => one.name === name);
    for (const side of SIDES) Object.assign(clouds[side], found[side]);
    note.textContent = found.note;
    update();
    tell();
  }

  // ---- the charts ----

  const charts = {
    frechet: chart({counts: COUNTS, name: "Fréchet distance", series: [{name: "", ink: "ink"}]}),
    kernel: chart({counts: COUNTS, name: "Kernel distance", series: [{name: "", ink: "ink"}]}),
    land: chart({counts: COUNTS, name: "Precision and recall", range: [0, 1], series: [
      {name: "precision", ink: "generated"}, {name: "recall", ink: "real"}]}),
  };
  const card = (name, title, words) => {
    const average = el("p", {class: "ruler-small"});
    charts[name].average = average;
    return el("div", {class: "ruler-card"}, el("p", {class: "ruler-title"}, ...title),
      charts[name].node, average, el("p", {class: "ruler-note", text: words}));
  };
  body.append(el("div", {class: "ruler-wide"},
    el("p", {class: "ruler-title", text: "The same two clouds, drawn again and again"}),
    el("p", {class: "ruler-small", text: "Dots: one draw each. Line: their mean. Dashed: the true "
      + "value, at N without end. Ring: the sample above."}),
    el("div", {class: "ruler-cards"},
      card("frechet", ["Fréchet distance"],
        "Compares the two ellipses, which are all it sees: mean and covariance. With few points it "
        + "reads too high on average."),
      card("kernel", ["Kernel distance"],
        "Compares moments up to the third. It is right on average at any N, hence at times below "
        + "zero; few points only scatter it."),
      card("land", ["Precision ", sign("generated"), " and recall ", sign("real")],
        "The share of generated points on real land, and the share of real points on generated "
        + "land. They hardly see a shift, and move with N."))));

  // ---- measuring: the sample at once, the charts in pieces between frames ----

  let job = null, stale = false, frame = null, last = 0, measured = true, untold = false;

  function measure() {
    const {count, seed} = state;
    SIDES.forEach((side, s) => {
      const base = current(clouds[side].shape, COUNTS[COUNTS.length - 1], 2 * seed + s);
      state.points[side] = place(clouds[side], base, count);
    });
    const {real, generated} = state.points;
    state.found = precisionRecall(real, generated);
    const {precision, recall} = state.found, [kernel, error] = kernelDistance(real, generated);
    Object.assign(state.found, {frechet: frechet(real, generated), kernel, error,
      trueFrechet: trueFrechet(clouds.real, clouds.generated),
      trueKernel: trueKernel(clouds.real, clouds.generated)});
    const show = (name, value, ...under) => {
      numbers[name].value.data = value;
      numbers[name].under.forEach((line, i) => { line.textContent = under[i] ?? ""; });
    };
    show("frechet", signed(state.found.frechet), `true ${signed(state.found.trueFrechet)}`);
    show("kernel", signed(kernel), `true ${signed(state.found.trueKernel)}`, `± ${signed(error)}`);
    show("precision", precision.toFixed(2));
    show("recall", recall.toFixed(2));
    const at = COUNTS.indexOf(count);
    charts.frechet.mark(at, [state.found.frechet]);
    charts.kernel.mark(at, [kernel]);
    charts.land.mark(at, [precision, recall]);
    const off = {real: "generated", generated: "real"}[state.land];
    key.replaceChildren(...SIDES.map((side) => el("span", {}, sign(side), ` ${side}`)));
    if (off) key.append(el("span", {}, sign(off, "○"), ` ${off}, off ${state.land} land`));
    averages();
  }

  /** Say under each chart what its draws at the present N are on average. */
  function averages() {
    const at = COUNTS.indexOf(state.count);
    for (const [name, one] of Object.entries(charts)) {
      if (!one.means) continue;
      const values = one.means.map((series) => signed(series[at]));
      one.average.textContent = name === "land" ? `N = ${state.count}: mean ${values.join(" and ")}`
        : `N = ${state.count}: mean ${values[0]}, true ${signed(one.truth)}`;
    }
  }

  const give = (name, dots, truth) => {
    charts[name].show(dots, dots.map((series) => series.map(mean)), truth);
    averages();
  };

  function work(time) {
    frame = null;
    const end = performance.now() + share(time - last);
    last = time;
    try {
      if (!measured) {
        measured = true;
        measure();
        stage.dataset.measured = "yes";
        board.redraw();
        if (untold) tell();
      }
      while (job && performance.now() < end) {
        const {done, value} = job.next();
        if (done || (value && stale)) job = null;  // the distances are finished even while dragging
        if (!job && stale) begin();
      }
    } catch (error) {
      fault(stage, error);
      return;
    }
    if (job) frame = requestAnimationFrame(work);
    else stage.dataset.settled = "yes";
  }

  function begin() {
    stale = false;
    job = manyDraws({real: {...clouds.real}, generated: {...clouds.generated}}, draws, give);
  }

  /** Something changed: measure in the next frame, and draw the charts anew if clouds did. */
  function update(moved = true) {
    measured = false;
    stage.dataset.settled = "no";  // for whoever waits: tests, and prints of the page
    delete stage.dataset.measured;
    placeHandles();
    sync();
    if (moved) {
      charts.land.fade();  // it has to wait for the end of the drag
      if (job) stale = true;
      else begin();
    }
    if (frame !== null) return;
    last = performance.now();
    frame = requestAnimationFrame(work);
  }

  let asked = null;

  /** Tell the numbers in words, once they are there. */
  function tell() {
    clearTimeout(asked);
    asked = setTimeout(() => {
      untold = !measured;  // in a hidden tab no frame comes that would measure
      if (untold) return;
      const {frechet: f, kernel: k, error, precision, recall, trueFrechet: tf, trueKernel: tk}
        = state.found;
      say(`N ${state.count}: Fréchet ${signed(f)} (true ${signed(tf)}), kernel ${signed(k)} ± `
        + `${signed(error)} (true ${signed(tk)}), precision ${precision.toFixed(2)}, recall `
        + `${recall.toFixed(2)}.`);
    }, 150);
  }

  update();
  tell();
  return {stop() {
    clearTimeout(asked);
    if (frame !== null) cancelAnimationFrame(frame);
    job = null;
    board.stop();
    for (const one of Object.values(charts)) one.stop();
  }};
}
