// Chapter 14: hide patches of a picture by hand; the network and the neighbours paint them.

import {fetchBytes, read, unzip} from "../lib/weights.js";
import {freshSeed, uniform} from "../lib/random.js";
import {el, panel, group, button, canvas, choice, colours, fault, paintImage,
  reducedMotion} from "../lib/frame.js";
import {STYLE, board, breath, note, place, told} from "../tokens/board.js";
import {LENGTH, NAMES, PIXELS, SIDE} from "../tokens/tokenizer.js";
import {AREA, MASKS, NEAR, Network, PLACE, Shelf, error, filled, numbers} from "./painters.js";

export {MASKS, Network, Shelf, error, filled};

const WHO = {network: "the network", neighbours: "mean of the ten nearest"};
const SHORT = {network: "network", neighbours: "neighbours"};

/** Fetch the file; returns {network, shelf, pictures: [{bytes, name}], hidden}. */
export async function open(base, progress) {
  const what = "weights and pictures";
  const packed = await fetchBytes(`${base}model.bin`, what, progress);
  const file = read(await unzip(packed, what), what);
  const {facts: {hidden, kinds}, tensors} = file;
  const all = new Shelf(tensors.pictures);
  return {network: new Network(file), shelf: new Shelf(tensors.shelf), hidden,
    pictures: kinds.map((kind, n) => ({bytes: all.picture(n), name: NAMES[kind]}))};
}

/** Milliseconds that both painters take for one picture, the best of five. */
export async function speed(base) {
  const {network, shelf, pictures: [{bytes}], hidden} = await open(base);
  const mask = MASKS.random(uniform(1), hidden);
  return Math.min(...Array.from({length: 5}, () => {
    const start = performance.now();
    network.paint(bytes, mask);
    shelf.mean(shelf.nearest(bytes, mask));
    return performance.now() - start;
  }));
}

const OWN = `
.patches-ask { font-size: 0.92rem; line-height: 1.45; }
.patches-grid { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.7rem; grid-template-areas: "board board" "network neighbours" "truth next"; }
.patches-grid > div { display: flex; flex-direction: column; gap: 0.3rem; min-width: 0; }
.patches-title { font-size: 0.86rem; font-weight: 600; line-height: 1.35; }
.patches-board { grid-area: board; }
.patches-board .tokens-board { max-width: 21rem; }
.patches-next { grid-area: next; }
.patches-next .live-button { width: 100%; }
.patches-ten { max-width: 28rem !important; margin: 0 !important; }
.patches-score { font-weight: 600; }
.live-figure .patches-table { display: table; border-collapse: collapse; margin: 0; font-size: 0.88rem; font-variant-numeric: tabular-nums; background: none; width: 100%; max-width: 32rem; }
.live-figure .patches-table :is(th, td) { padding: 0.2rem 0 0.2rem 0.7rem; border: 0; border-bottom: 1px solid var(--live-line); background: none; color: var(--pst-color-text-base); text-align: right; font-weight: 400; }
.live-figure .patches-table :is(th, td):first-child { text-align: left; padding-left: 0; }
.live-figure .patches-table thead th { font-weight: 600; vertical-align: bottom; line-height: 1.3; }
.live-figure .patches-table td.patches-nearer { font-weight: 700; text-decoration: underline; }
.patches-next .live-button { padding: 0.35rem 0.3rem; }
@media (max-width: 430px) { .patches-board .tokens-board { width: calc(100% + 1rem); margin: 0 -0.5rem; } } /* tiles of 40 px */
@media (min-width: 720px) {
  .patches-grid { grid-template-columns: minmax(19rem, 1.65fr) minmax(0, 1fr) minmax(0, 1fr); gap: 0.7rem 1rem; grid-template-areas: "board network neighbours" "board truth next"; grid-template-rows: auto 1fr; align-items: start; }
  .patches-board { grid-row: 1 / 3; }
}
`;

export async function mount(stage, {base, progress}) {
  const {network, shelf, pictures, hidden: HIDDEN} = await open(base, progress);
  const random = uniform(freshSeed()), still = reducedMotion();

  let now = 0, kind = "random", mask = MASKS.random(random, HIDDEN), shown = false;
  let painted = null, near = [];
  let score = new Map();  // picture -> {network, neighbours}: errors when its truth was shown first
  let before = null;  // {mask, kind} when the stroke that is going on began
  let hiding = true, turn = 0;

  const {view, say} = panel(stage, {label: "Hidden patches, painted twice"});
  stage.append(el("style", {text: STYLE + OWN}));
  stage.firstChild.classList.add("live-wide", "tokens-tall");
  stage.firstChild.lastChild.remove();  // one column: there is nothing beside the view

  const picture = () => pictures[now].bytes;
  const count = () => mask.reduce((sum, one) => sum + one, 0);
  const tellCount = () => say(`${count()} of ${LENGTH} patches are hidden.`);
  const paintBoth = (bytes, hidden) => {
    const chosen = shelf.nearest(bytes, hidden);
    return {near: chosen,
      painted: {network: network.paint(bytes, hidden), neighbours: shelf.mean(chosen)}};
  };
  const errors = (bytes, hidden, of) => Object.fromEntries(
    Object.keys(WHO).map((who) => [who, error(of[who], bytes, hidden)]));

  // ---- the pictures -------------------------------------------------------------------

  const map = board({label: "The picture, 49 patches", drag: true, name: "",
    look: (i) => ({label: `${place(i)}: ${mask[i] ? "hidden" : `left, ${light(i)}`}`}),
    draw(context, w) {
      const c = colours(), side = w / SIDE;
      paintImage(context, numbers(picture()), PIXELS, PIXELS, 1, 0, 0, w);
      context.strokeStyle = c.paper;
      context.lineWidth = 1;
      mask.forEach((hidden, i) => {
        const [x, y] = [i % SIDE * side, Math.floor(i / SIDE) * side];
        context.fillStyle = c.real;
        if (hidden) context.fillRect(x, y, side, side);
        if (hidden) context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
      });
    },
    press(i, first) {
      halt();
      if (first) {
        hiding = !mask[i];
        before = {mask: mask.slice(), kind};
      }
      if (mask[i] === hiding) return;
      mask[i] = hiding;
      kind = "own";
      show();
    },
    done: tellCount});
  // A finger going up or down scrolls the page: what it had hidden till then comes back.
  map.grid.style.touchAction = "pan-y pinch-zoom";
  map.grid.addEventListener("pointercancel", () => {
    if (!before) return;
    ({mask, kind} = before);
    show();
    tellCount();
  });

  /** In words, how light a patch of the picture is. */
  const light = (i) => {
    const bytes = PLACE.subarray(i * AREA, (i + 1) * AREA).map((k) => picture()[k]);
    const mean = bytes.reduce((sum, byte) => sum + byte, 0) / AREA;
    return mean < 16 ? "black" : mean < 96 ? "dark" : mean < 176 ? "grey" : "light";
  };
  const shot = (draw) => canvas({width: 300, label: "", draw});
  const views = Object.fromEntries(Object.keys(WHO).map((who) => [who, shot((context, w) =>
    paintImage(context, filled(painted[who], picture(), mask), PIXELS, PIXELS, 1, 0, 0, w))]));
  const truth = shot((context, w, h) => {
    if (shown) {
      paintImage(context, numbers(picture()), PIXELS, PIXELS, 1, 0, 0, w);
      return;
    }
    const c = colours();
    context.fillStyle = c.line;
    context.fillRect(0, 0, w, h);
    context.fillStyle = c.ink;
    context.font = `${Math.round(h / 3)}px ${getComputedStyle(stage).fontFamily}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText("?", w / 2, h / 2);
  });
  const ten = canvas({width: 448, ratio: NEAR, label: "", draw(context, w) {
    if (near.length > NEAR) return;  // all of them
    near.forEach((n, i) => paintImage(context, numbers(shelf.picture(n)), PIXELS, PIXELS, 1,
      i * w / NEAR, 0, w / NEAR - 2));
  }});
  ten.node.classList.add("patches-ten");

  // ---- the score ----------------------------------------------------------------------

  const line = el("div", {class: "patches-score"});
  const cells = {};
  const heads = ["squared error", "this picture", "", "nearer"].map((text) =>
    el("th", {scope: "col", text}));
  const table = el("table", {class: "patches-table"}, el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...Object.keys(WHO).map((who) => {
      cells[who] = [el("td"), el("td"), el("td")];
      return el("tr", {}, el("th", {scope: "row", text: WHO[who]}), ...cells[who]);
    })));
  const wins = (who) => [...score.values()].filter((one) =>
    one[who] < one[who === "network" ? "neighbours" : "network"]).length;
  const mean = (who) => [...score.values()].reduce((sum, one) => sum + one[who], 0) / score.size;
  const standing = () => Object.entries(SHORT)
    .map(([who, name]) => `${name}\u00a0${wins(who)}`).join(" : ");
  const told3 = (value) => (Number.isFinite(value) ? value.toFixed(3) : "–");

  function showScore() {
    const here = shown && count() ? errors(picture(), mask, painted) : null;
    line.textContent = `Score: ${standing()}`
      + (said.value ? ` (you expect the ${SHORT[said.value]})` : "");
    heads[2].textContent = `mean of ${score.size}`;
    for (const who of Object.keys(WHO)) {
      const other = who === "network" ? "neighbours" : "network";
      cells[who][0].textContent = here ? told3(here[who]) : "?";
      cells[who][0].classList.toggle("patches-nearer", Boolean(here) && here[who] < here[other]);
      cells[who][1].textContent = score.size ? told3(mean(who)) : "–";
      cells[who][2].textContent = wins(who);
    }
  }

  function show() {
    ({near, painted} = paintBoth(picture(), mask));
    const {name} = pictures[now], hidden = count();
    map.refresh();
    map.canvas.node.setAttribute("aria-label",
      `${name}, ${LENGTH - hidden} of ${LENGTH} patches left`);
    for (const who of Object.keys(WHO)) {
      views[who].node.setAttribute("aria-label", `${name}: ${hidden} hidden patches as ${WHO[who]} `
        + "paints them");
      views[who].redraw();
    }
    truth.node.setAttribute("aria-label", shown ? `The whole picture: ${name}` : "Not shown yet");
    truth.redraw();
    const all = near.length > NEAR;
    ten.node.hidden = all;
    ten.node.setAttribute("aria-label", "The ten nearest training pictures, nearest first");
    ten.redraw();
    tenName.textContent = all
      ? `Nothing is left to compare: all ${shelf.count.toLocaleString("en")} are equally near.`
      : `The ten nearest of ${shelf.count.toLocaleString("en")} training pictures, by the patches `
        + "that are left";
    reveal.label = shown ? "Cover the truth" : "Show the truth";
    title.textContent = `Picture ${now + 1} of ${pictures.length}: tap to hide`;
    showScore();
  }
  function halt() {
    turn++;
    all.label = ALL;
  }

  // ---- the controls -------------------------------------------------------------------

  const said = choice({label: "Your prediction: nearer to the truth more often will be",
    value: null, options: Object.entries({network: "the network", neighbours: "the neighbours"})
      .map(([value, label]) => ({value, label})), onChange: () => showScore()});
  const reveal = button({label: "Show the truth", main: true, onClick() {
    halt();
    if (!shown && !count()) {
      say("Hide some patches first: nothing is hidden yet.");
      return;
    }
    shown = !shown;
    const first = shown && !score.has(now);
    if (first) score.set(now, errors(picture(), mask, painted));
    show();
    if (!shown) return;
    const found = errors(picture(), mask, painted);
    const nearer = found.network < found.neighbours ? "network" : "neighbours";
    say(`Squared error: ${Object.keys(WHO).map((who) => `${WHO[who]} ${told3(found[who])}`)
      .join(", ")}. Nearer: the ${SHORT[nearer]}. `
      + (first ? `Score: ${standing()}.` : "The score has this picture already."));
  }});
  const next = button({label: "Next picture", onClick() {
    halt();
    now = (now + 1) % pictures.length;
    shown = false;
    if (kind === "random") mask = MASKS.random(random, HIDDEN);
    show();
    say(`Picture ${now + 1}: ${pictures[now].name}, ${count()} of ${LENGTH} patches hidden.`);
  }});
  const ALL = `Try all ${pictures.length} like this`;
  const all = button({label: ALL, onClick: () => {
    const running = all.node.textContent !== ALL;
    halt();
    if (!running) tryAll().catch((problem) => fault(stage, problem));
  }, title: "Start the score anew, and try every picture with this kind of mask"});
  async function tryAll() {
    if (!count()) {
      say("Hide some patches first: nothing is hidden yet.");
      return;
    }
    const mine = ++turn;
    score = new Map();
    all.label = "Stop";
    for (const [n, {bytes}] of pictures.entries()) {
      const hidden = kind === "random" ? MASKS.random(random, HIDDEN) : mask;
      score.set(n, errors(bytes, hidden, paintBoth(bytes, hidden).painted));
      if (!still && n % 8 === 0) showScore();
      await breath();
      if (mine !== turn) return;
    }
    halt();
    showScore();
    say(`All ${pictures.length} pictures, ${count()} of ${LENGTH} patches hidden: ${standing()}. Mean `
      + `squared error: ${Object.keys(WHO).map((who) => `${WHO[who]} ${told3(mean(who))}`)
        .join(", ")}.`);
  }
  const again = button({label: "Score from zero", onClick() {
    halt();
    score = new Map();
    showScore();
    say("The score begins anew.");
  }});
  const presets = Object.entries({random: `${HIDDEN} at random`, half: "Lower half",
    checkerboard: "Checkerboard", corners: "All but the corners", none: "Nothing"})
    .map(([name, label]) => button({label, onClick() {
      halt();
      kind = name;
      mask = MASKS[name](random, HIDDEN);
      show();
      tellCount();
    }}).node);

  const title = el("div", {class: "patches-title"}), tenName = note("");
  const buttons = el("div", {class: "patches-next"}, reveal.node, next.node, line);
  const framed = (area, text, ...nodes) => {
    const node = el("div", {}, ...nodes, el("div", {class: "patches-title", text}));
    node.style.gridArea = area;
    return node;
  };
  view.append(
    el("div", {class: "patches-ask", text: "Say first, then look: who paints hidden patches nearer to "
      + "the truth, the network that was trained to do so, or the mean of the ten training "
      + "pictures most alike in what is left?"}),
    said.node,
    el("div", {class: "patches-grid"},
      el("div", {class: "patches-board"}, title, map.node, group("Hide", el("div",
        {class: "live-row"}, ...presets))),
      framed("network", "The network", views.network.node),
      framed("neighbours", "Mean of the ten nearest", views.neighbours.node),
      framed("truth", "The truth", truth.node),
      buttons),
    told(stage),
    table, group("", all.node, again.node),
    el("div", {}, tenName, ten.node),
    note(`The network was trained with ${HIDDEN} of ${LENGTH} patches hidden, never more, never `
      + "fewer. The pictures are test pictures: neither painter has met them."));
  show();
  stage.querySelector(".live-say").textContent = `${count()} of ${LENGTH} patches are hidden, and both `
    + "have painted them. Tap or drag to hide others, or to bring them back.";
  return {stop() {
    halt();
    map.stop();
    for (const one of [...Object.values(views), truth, ten]) one.stop();
  }};
}
