// A walk through the latent space of chapter 04's generator: choose a digit, move it.
//
// The state is one start of length 1, a step along each direction, and the length of the latent;
// the walk between two pinned digits sets a new start. All pictures follow from the state.

import {button, canvas, choice, el, drag, fault, pad, paintImage, panel, share, sheet, slider}
  from "../lib/frame.js";
import {freshSeed, normal, uniform} from "../lib/random.js";
import {fetchSpace, length, measure, place, scaled, slerp, straight} from "./space.js";

export {generator, fetchSpace, length, measure, place, slerp, speed, straight} from "./space.js";

const REACH = 0.8;    // how far a step of 1 goes, beside a start of length 1
const MAP = 7;        // digits across the map, and down
const WAY = 9;        // pictures on the way from A to B
const HOME = 6;       // length of a digit's latent, where nothing else is said
const SIDE = 28;      // pixels of a picture

const STYLE = `
.latent-space-top { display: grid; gap: 0.6rem 1.1rem; grid-template-columns: 8.9rem minmax(0, 1fr);
  grid-template-areas: "picture keys" "buttons buttons" "map map"; }
.latent-space-picture { grid-area: picture; } .latent-space-map { grid-area: map; }
.latent-space-start { display: contents; } .latent-space-keys { grid-area: keys; }
.latent-space-buttons { grid-area: buttons; display: flex; gap: 0.5rem; }
.latent-space-buttons .live-button { white-space: nowrap; flex: 1; }
.latent-space-top .live-canvas { background: #000; max-width: none !important; }
.latent-space-caption { font-size: 0.86rem; font-weight: 600; margin: 0 0 0.25rem;
  line-height: 1.4; }
.latent-space-read { font-size: 0.86rem; color: var(--pst-color-text-muted); margin: 0.3rem 0 0;
  font-variant-numeric: tabular-nums; line-height: 1.5; }
.latent-space-read span { display: block; }
.latent-space-edges { display: flex; justify-content: space-between; font-size: 0.82rem;
  color: var(--pst-color-text-muted); margin: 0.2rem 0 0; line-height: 1.4; }
.latent-space-keys .live-options { display: grid;
  grid-template-columns: repeat(3, minmax(0, 1fr)); }
.latent-space-keys .live-option span { width: 100%; min-height: 2.5rem; min-width: 2rem;
  justify-content: center; padding: 0; font-size: 1rem; font-variant-numeric: tabular-nums; }
.latent-space-sliders { display: grid; gap: 0.3rem 1.4rem;
  grid-template-columns: repeat(2, minmax(0, 1fr)); }
.latent-space-sliders .live-slider { align-content: start; }
.latent-space-sliders .live-slider input { height: 2.5rem; }
.latent-space-wide { grid-column: 1 / -1; }
.live-stage:has(.latent-space-top) .live-say { position: absolute; width: 1px; height: 1px;
  margin: 0; overflow: hidden; clip-path: inset(50%); } /* what it says stands below the picture */
.latent-space-note { font-size: 0.82rem; color: var(--pst-color-text-muted); margin: 0;
  max-width: none; line-height: 1.45; }
.latent-space-walk { border-top: 1px solid var(--live-line); padding-top: 0.8rem; display: flex;
  flex-direction: column; gap: 0.5rem; }
.latent-space-strip { container-type: inline-size; }
.latent-space-strip canvas { max-width: none !important; aspect-ratio: auto !important;
  height: calc(100cqw / 9 + 40px); border-radius: 0; cursor: pointer; }
.latent-space-walk .live-slider input { height: 2.5rem; }
.latent-space-walk .live-option span { min-height: 2.5rem; }
.latent-space-ends { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: flex-end;
  justify-content: space-between; }
@media (min-width: 600px) {
  .latent-space-top { grid-template-columns: repeat(2, minmax(0, 1fr));
    grid-template-areas: "picture map" "start start"; }
  .latent-space-start { grid-area: start; display: flex; flex-wrap: wrap; align-items: flex-end;
    justify-content: space-between; gap: 0.6rem; }
  .latent-space-keys .live-options { display: flex; gap: 0.2rem; }
  .latent-space-wide { grid-column: auto; }
  .latent-space-sliders { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .latent-space-read span { display: inline; }
  .latent-space-read span + span::before { content: " · "; }
}`;

const signed = (v) => (Math.abs(v) < 0.005 ? "0" : `${v > 0 ? "+" : "−"}${Math.abs(v).toFixed(2)}`);
const leaning = (degrees) => {
  const whole = Math.round(Math.abs(degrees));
  return whole === 0 ? "upright" : `leans ${whole}° ${degrees > 0 ? "right" : "left"}`;
};

/** A canvas of small pictures, `across` in a row, kept to be painted at any size. */
function board(across, down) {
  const node = sheet(across * SIDE, down * SIDE);
  const context = node.getContext("2d");
  context.fillRect(0, 0, node.width, node.height);
  const tile = context.createImageData(SIDE, SIDE);
  return {node, put(i, picture) {
    for (let k = 0; k < SIDE * SIDE; k++) {
      const grey = Math.round((Math.max(-1, Math.min(1, picture[k])) + 1) * 127.5);
      tile.data.fill(grey, 4 * k, 4 * k + 3);
      tile.data[4 * k + 3] = 255;
    }
    context.putImageData(tile, (i % across) * SIDE, Math.floor(i / across) * SIDE);
  }};
}

export async function mount(stage, {base, progress}) {
  const {generate, anchors, directions} = await fetchSpace(base, progress);
  const size = anchors[0].length, count = directions.length;
  const state = {start: anchors[3], steps: new Array(count).fill(0), length: HOME};
  const pinned = {a: scaled(anchors[3], HOME), b: scaled(anchors[7], HOME)};
  let own = HOME;       // the length with which the present start came
  let onTheWay = null;  // the share of the way from A to B, while the picture is one of the walk
  const latent = () => place(state.start, directions, state.steps.map((s) => s * REACH),
    state.length);

  // The picture and what is measured on it.
  let picture = generate(latent());
  const big = canvas({width: 400, label: "", draw(context, w, h) {
    paintImage(context, picture, SIDE, SIDE, 1, 0, 0, w, h);
  }});
  const told = ["", "", ""].map(() => el("span"));

  // The map: the pictures at 7 x 7 places of the pad. When something changed they are redone one by
  // one, each time from the middle: the picture under the dot must not be the last to follow.
  const map = board(MAP, MAP);
  const order = Array.from({length: MAP * MAP}, (_, i) => i).sort((i, j) => ring(i) - ring(j));
  function ring(i) {  // from the middle outward
    return Math.hypot(i % MAP - (MAP - 1) / 2, Math.floor(i / MAP) - (MAP - 1) / 2);
  }
  const way = board(WAY, 1);
  const waiting = {map: 0, way: 0};  // pictures that are still to be redone
  let frame = null, last = 0;
  function redoOne() {
    if (waiting.way > 0) {
      const i = WAY - waiting.way--;
      way.put(i, generate(between(i / (WAY - 1))));
      return "way";
    }
    const i = order[order.length - waiting.map--];
    const steps = state.steps.map((s) => s * REACH);
    steps[0] = REACH * ((i % MAP + 0.5) / MAP * 2 - 1);
    steps[1] = REACH * (1 - (Math.floor(i / MAP) + 0.5) / MAP * 2);
    map.put(i, generate(place(state.start, directions, steps, state.length)));
    return "map";
  }
  function work(time) {
    frame = null;
    const end = performance.now() + share(time - last), done = new Set();
    last = time;
    try {
      while ((waiting.way > 0 || waiting.map > 0) && performance.now() < end) done.add(redoOne());
    } catch (error) {
      fault(stage, error);
      return;
    }
    if (done.has("map")) ground.redraw();
    if (done.has("way")) strip.redraw();
    if (waiting.way > 0 || waiting.map > 0) frame = requestAnimationFrame(work);
    else stage.dataset.settled = "yes";  // every picture shown is of the present state
  }
  const redo = (what) => {
    stage.dataset.settled = "no";
    waiting[what] = what === "map" ? MAP * MAP : WAY;
    if (frame !== null) return;
    last = performance.now();
    frame = requestAnimationFrame(work);
  };

  const ground = pad({labels: ["lean", "ink"], width: 400, cross: false,
    draw(context, w, h) {
      context.imageSmoothingEnabled = true;
      context.globalAlpha = 0.72;  // so that the dot stands out
      context.drawImage(map.node, 0, 0, w, h);
      context.globalAlpha = 1;
    },
    describe: ([x, y]) => `Pad: lean ${signed(x)}, ink ${signed(y)}. Arrow keys move it, `
      + "Home brings it to the middle.",
    onInput([x, y]) {
      state.steps[0] = x;
      state.steps[1] = y;
      sliders[0].value = x;
      sliders[1].value = y;
      moved();
    }});

  // The sliders: lean and ink once more, the length, and the directions without a name.
  const names = ["Lean", "Ink", ...Array.from({length: count - 2}, (_, i) => `Direction ${i + 3}`)];
  const sliders = names.map((label, i) => slider({label, min: -1, max: 1, step: 0.05, value: 0,
    format: signed, onInput(value) {
      state.steps[i] = value;
      if (i < 2) ground.value = [state.steps[0], state.steps[1]];
      moved(i >= 2);
    }}));
  const long = slider({label: "Length (random: about 8)", max: 20, step: 0.1, value: state.length,
    format: (v) => v.toFixed(1),
    onInput(value) {
      state.length = value;
      moved(true);
    }});
  long.node.classList.add("latent-space-wide");

  // Where to start.
  const digit = choice({label: "Start from", value: "3",
    options: anchors.map((_, i) => ({value: String(i), label: String(i)})),
    onChange(value) {
      state.start = anchors[Number(value)];
      own = HOME;
      if (state.length < 1) stretch(HOME);  // where all pictures are one, it would seem broken
      moved(true);
    }});
  const draw = normal(uniform(freshSeed()));
  const random = button({label: "Random", main: true, title: "Draw a latent from the Gaussian",
    onClick() {
      startAt(Float32Array.from({length: size}, draw));
      moved(true);
    }});
  const middle = button({label: "Undo the moves",
    title: "Every direction back to 0, and the length back",
    onClick() {
      setSteps(0);
      stretch(own);
      moved(true);
    }});
  function setSteps(value) {
    state.steps.fill(value);
    sliders.forEach((s) => { s.value = value; });
    ground.value = [value, value];
  }
  function stretch(to) {
    state.length = to;
    long.value = to;
  }
  /** Go to a latent as it is: it becomes the start, and nothing is added to it. */
  function startAt(vector) {
    const now = length(vector);
    if (now > 1e-6) state.start = scaled(vector, 1 / now);
    own = now < 1 ? HOME : now;
    stretch(now);
    digit.value = null;
    setSteps(0);
  }

  // The walk from A to B.
  const between = (t) => (path.value === "sphere" ? slerp : straight)(pinned.a, pinned.b, t);
  const path = choice({label: "Way", value: "sphere", options: [
    {value: "sphere", label: "along the sphere"}, {value: "straight", label: "straight"}],
  onChange() {
    redo("way");
    if (onTheWay !== null) walk(onTheWay);
    else say(`The way is ${path.value === "sphere" ? "along the sphere" : "straight"}; half way `
      + `the latent is ${length(between(0.5)).toFixed(1)} long.`);
  }});
  const along = slider({label: "From A to B", max: 1, step: 0.025, value: 0,
    format: (t) => `${Math.round(100 * t)} % of the way`, onInput: (t) => walk(t)});
  function walk(t) {
    startAt(between(t));
    moved(true);
    onTheWay = t;
    strip.redraw();
  }
  const pin = (which) => button({label: `Pin as ${which.toUpperCase()}`,
    title: `Let the walk ${which === "a" ? "begin" : "end"} at this picture`,
    onClick() {
      pinned[which] = latent();
      along.value = which === "a" ? 0 : 1;
      onTheWay = along.value;
      redo("way");
      strip.redraw();
      say(`Pinned as ${which.toUpperCase()}: ${words()}.`);
    }});
  const pins = [pin("a"), pin("b")];
  const strip = canvas({width: 900,
    label: "Nine pictures on the way from A to B; the slider below does the same as dragging here",
    draw(context, w, h) {
    const style = getComputedStyle(stage);
    const tile = w / WAY, top = 20, letters = tile > 50 ? 13 : 11.5;
    context.imageSmoothingEnabled = true;
    context.drawImage(way.node, 0, top, w, tile);
    context.fillStyle = style.color;
    context.font = `600 13px ${style.fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("A", tile / 2, top / 2 - 1);
    context.fillText("B", w - tile / 2, top / 2 - 1);
    context.font = `${letters}px ${style.fontFamily}`;
    for (let i = 0; i < WAY; i++) {
      context.fillText(length(between(i / (WAY - 1))).toFixed(1), (i + 0.5) * tile, h - 8);
    }
    if (onTheWay === null) return;
    context.strokeStyle = style.getPropertyValue("--live-generated");
    context.lineWidth = 3;
    context.strokeRect(onTheWay * (WAY - 1) * tile + 1.5, top + 1.5, tile - 3, tile - 3);
  }});
  const reach = (x) => {
    const t = Math.max(0, Math.min(1, (x * WAY - 0.5) / (WAY - 1)));
    along.value = Math.round(t * 40) / 40;
    walk(along.value);
  };
  drag(strip.node, {start: reach, move: reach, sideways: true});

  // The layout.
  const {view, controls, say} = panel(stage, {label: "Walk through the generator's latent space"});
  stage.append(el("style", {text: STYLE}));
  view.parentNode.classList.add("live-wide");
  view.append(
    el("div", {class: "latent-space-top"},
      el("div", {class: "latent-space-picture"},
        el("p", {class: "latent-space-caption", text: "Generated"}), big.node,
        el("p", {class: "latent-space-read"}, ...told)),
      el("div", {class: "latent-space-start"},
        el("div", {class: "latent-space-keys"}, digit.node),
        el("div", {class: "latent-space-buttons"}, random.node, middle.node)),
      el("div", {class: "latent-space-map"},
        el("p", {class: "latent-space-caption", text: "What lies around it: drag"}), ground.node,
        el("p", {class: "latent-space-edges", "aria-hidden": "true"},
          el("span", {text: "← leans left"}), el("span", {text: "↑ more ink"}),
          el("span", {text: "leans right →"})))),
  );
  controls.append(
    el("div", {class: "latent-space-sliders"}, ...sliders.slice(0, 2).map((s) => s.node), long.node,
      ...sliders.slice(2).map((s) => s.node)),
    el("p", {class: "latent-space-note", text: "Lean and ink were found by measuring 5,000 "
      + "generated pictures. Directions 3 to 8 are those, of the others, that change pictures "
      + "most; they have no name."}),
    el("div", {class: "latent-space-walk"},
      el("div", {class: "latent-space-ends"},
        el("div", {class: "live-row"}, ...pins.map((p) => p.node)), path.node),
      el("div", {class: "latent-space-strip"}, strip.node),
      el("p", {class: "latent-space-note", text: "Below each picture: the length of its latent."}),
      along.node));

  const words = () => {
    const {lean, ink} = measure(picture);
    return `${leaning(lean)}, ${Math.round(100 * ink)} % ink, length ${state.length.toFixed(1)}`;
  };
  /** Show the present latent; `around` if the map changes too. */
  function moved(around = false) {
    onTheWay = null;
    picture = generate(latent());
    big.redraw();
    strip.redraw();
    if (around) redo("map");
    const {lean, ink} = measure(picture);
    [leaning(lean), `${Math.round(100 * ink)} % ink`, `length ${state.length.toFixed(1)}`]
      .forEach((text, i) => { told[i].textContent = text; });
    big.node.setAttribute("aria-label", `The generated picture: ${words()}`);
    say(`The picture: ${words()}.`);
  }
  moved(true);
  redo("way");

  return {stop() {
    if (frame !== null) cancelAnimationFrame(frame);
    waiting.map = waiting.way = 0;
    for (const part of [big, strip, ground]) part.stop();
  }};
}
