import {el, panel, slider, choice, colours, canvas, drag, sheet} from "../lib/frame.js";
import {load} from "../lib/weights.js";

const STYLE = `
.style-wipe { position: relative; width: 100%; max-width: 480px; margin: 0 auto; overflow: hidden;
  border-radius: 4px; cursor: ew-resize; }
.style-line::before, .style-line::after { forced-color-adjust: none; }
.style-line { position: absolute; top: 0; bottom: 0; width: 44px; margin-left: -22px;
  cursor: ew-resize; display: grid; place-items: center; }
.style-line::before { content: ""; position: absolute; top: 0; bottom: 0; left: 20.5px; width: 3px;
  background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 45%); }
.style-line::after { content: "◂▸"; position: relative; width: 36px; height: 36px;
  border-radius: 50%; display: grid; place-items: center; font-size: 15px; letter-spacing: 2px;
  text-indent: 2px; color: #1f2933; background: #fff; box-shadow: 0 0 0 1px rgb(0 0 0 / 45%); }
.style-line:focus-visible { outline: none; }
.style-line:focus-visible::after { outline: 3px solid var(--pst-color-secondary);
  outline-offset: 2px; }
.style-ends { display: flex; justify-content: space-between; gap: 1rem; margin: 0 auto; width: 100%;
  max-width: 480px; font-size: 0.82rem; color: var(--pst-color-text-muted); }
.style-body .live-option span { min-height: 2.5rem; }
.style-thumbs { width: 100%; max-width: 480px; margin: 0 auto; }
.style-thumbs .live-options { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); }
.style-thumbs .live-option span { flex-direction: column; gap: 0.25rem; padding: 0.3rem;
  width: 100%; line-height: 1.2; font-size: 0.84rem; }
.style-thumbs canvas { width: 100%; max-width: 6rem; aspect-ratio: 1; border-radius: 3px; }
@media (max-width: 480px) { .style-thumbs canvas { max-width: 3.6rem; } }
.style-small { font-size: 0.82rem; line-height: 1.45; color: var(--pst-color-text-muted); margin: 0;
  max-width: none; }
.live-choice .style-small { margin-top: 0.35rem; min-height: 2.9em; }
.style-numbers { display: flex; gap: 1.6rem; margin: 0; }
.style-numbers dt { font-size: 0.8rem; font-weight: 500; margin: 0;
  color: var(--pst-color-text-muted); }
.style-numbers dd { margin: 0; font-size: 1.25rem; line-height: 1.3; font-weight: 600;
  font-variant-numeric: tabular-nums; color: var(--pst-color-text-base); }
.style-map { cursor: pointer; touch-action: manipulation; }
.style-wide { grid-column: 1 / -1; }
`;

/** Where a picture of the grid stands in the sprite: [row, column], and its number. */
export function place(facts, {weight, layers, start}) {
  const row = facts.weights.indexOf(weight);
  const column = facts.layers.indexOf(layers) * facts.starts.length + facts.starts.indexOf(start);
  return {row, column, number: row * facts.layers.length * facts.starts.length + column};
}

/** The grid as data.py wrote it: {facts, sprite, photograph, recoloured, painting}, the pictures
 *  as canvases, and tile(choice), which cuts one picture out of the sprite. */
export async function pictures(base, progress = () => {}) {
  const {facts, tensors} = await load(`${base}grid.bin`, progress, "pictures");
  const cut = new Map();
  const decode = async (name) => {
    const image = await createImageBitmap(new Blob([tensors[name]], {type: "image/jpeg"}));
    const node = sheet(image.width, image.height);
    node.getContext("2d").drawImage(image, 0, 0);
    image.close();
    return node;
  };
  const names = ["sprite", "photograph", "recoloured", "painting"];
  const [sprite, photograph, recoloured, painting] = await Promise.all(names.map(decode))
    .catch(() => { throw new Error("The pictures are damaged: try again."); });
  const tile = (choice) => {  // alone on a canvas: enlarged, it takes no colour from its neighbours
    const {row, column, number} = place(facts, choice);
    if (!cut.has(number)) {
      const node = sheet(facts.size, facts.size);
      node.getContext("2d").drawImage(sprite, -column * facts.size, -row * facts.size);
      cut.set(number, node);
    }
    return cut.get(number);
  };
  return {facts, sprite, photograph, recoloured, painting, tile};
}

/** The two distances of a picture. */
export function distances(facts, {weight, layers, start}) {
  const at = [facts.weights.indexOf(weight), facts.layers.indexOf(layers),
    facts.starts.indexOf(start)];
  return ["content", "style"].map((name) => at.reduce((table, i) => table[i], facts[name]));
}

export async function mount(stage, {base, progress}) {
  const grid = await pictures(base, progress);
  const {facts} = grid;
  const {view, controls, say} = panel(stage,
    {label: "A photograph repainted, with three switches"});
  stage.append(el("style", {text: STYLE}));
  const body = view.parentElement;
  body.classList.add("style-body");
  const chosen = {weight: facts.weights[facts.weights.length >> 1],
    layers: facts.layers[facts.layers.length - 1], start: facts.starts[0]};
  const SIDES = [["photograph", "photograph"], ["recoloured", "recoloured"],
    ["painting", "painting"]];
  let left = "photograph", share = 0.5;

  // ---- the picture and its wipe ----

  const board = canvas({width: 480, label: "", draw(context, w, h) {
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(grid.tile(chosen), 0, 0, w, h);
    context.save();
    context.beginPath();
    context.rect(0, 0, share * w, h);
    context.clip();
    context.drawImage(grid[left], 0, 0, w, h);
    context.restore();
  }});
  const line = el("div", {class: "style-line", role: "slider", tabindex: "0",
    "aria-label": "Wipe", "aria-valuemin": 0, "aria-valuemax": 100});
  const wipe = el("div", {class: "style-wipe"}, board.node, line);
  const names = {photograph: "the photograph", recoloured: "the recoloured photograph",
    painting: "the painting"};
  const ends = el("div", {class: "style-ends", "aria-hidden": "true"}, el("span"),
    el("span", {text: "repainted"}));
  view.append(wipe, ends);

  function setShare(value) {
    share = Math.max(0, Math.min(1, value));
    const percent = Math.round(100 * share);
    line.style.left = `${100 * share}%`;
    line.setAttribute("aria-valuenow", percent);
    line.setAttribute("aria-valuetext",
      `left ${percent} percent ${names[left]}, right ${100 - percent} percent repainted`);
    ends.firstChild.textContent = names[left].replace(/^the /, "");
    board.redraw();
  }

  drag(wipe, {
    start(x) { setShare(x); line.focus({preventScroll: true}); },
    move: setShare,
    sideways: true,
  });
  line.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.2 : 0.05;
    const to = {ArrowLeft: share - step, ArrowDown: share - step, ArrowRight: share + step,
      ArrowUp: share + step, PageDown: share - 0.2, PageUp: share + 0.2,
      Home: 0, End: 1}[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setShare(to);
  });

  // ---- the switches ----

  const weight = slider({label: "style weight", values: facts.weights, value: chosen.weight,
    onInput(value) { choose({weight: value}); }});
  const parts = el("p", {class: "style-small"});
  const layers = choice({label: "Style layers", value: chosen.layers,
    options: facts.layers.map((name) => ({value: name, label: name})),
    onChange(value) { choose({layers: value}); }});
  const start = choice({label: "Start", value: chosen.start,
    options: facts.starts.map((name) => ({value: name, label: name})),
    onChange(value) { choose({start: value}); }});
  const sides = choice({label: "Left of the line", value: left,
    options: SIDES.map(([value, label]) => ({value, label})),
    onChange(value) {
      left = value;
      setShare(share);
      say(`Left of the line: ${names[left]}.`);
    }});
  sides.node.classList.add("style-thumbs");
  sides.node.querySelectorAll("span").forEach((span, i) => {
    const thumb = el("canvas", {width: facts.size, height: facts.size, "aria-hidden": "true"});
    thumb.getContext("2d").drawImage(grid[SIDES[i][0]], 0, 0);
    span.prepend(thumb);
  });
  layers.node.append(parts);
  view.append(sides.node);
  controls.append(weight.node, layers.node, start.node);

  // ---- the map of all pictures ----

  const all = facts.layers.flatMap((layer) => facts.starts.map((from) =>
    facts.weights.map((w) => ({weight: w, layers: layer, start: from}))));
  const logarithm = (value) => Math.log10(Math.max(value, 1e-4));
  const readings = all.flat().map((one) => distances(facts, one));
  const range = (values) => {
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    const room = 0.07 * (high - low || 1);
    return [low - room, high + room];
  };
  const across = range(readings.map(([content]) => content));
  const up = range(readings.map(([, style]) => logarithm(style)));
  const MARGIN = {left: 54, right: 10, top: 10, bottom: 36};
  const spot = (one, w, h) => {
    const [content, style] = distances(facts, one);
    return [MARGIN.left + (content - across[0]) / (across[1] - across[0])
      * (w - MARGIN.left - MARGIN.right),
    h - MARGIN.bottom - (logarithm(style) - up[0]) / (up[1] - up[0])
      * (h - MARGIN.top - MARGIN.bottom)];
  };

  const map = canvas({width: 480, ratio: 1.3, label: "", draw(context, w, h) {
    const c = colours();
    context.font = "11px system-ui, sans-serif";
    context.lineWidth = 1;
    context.strokeStyle = c.line;
    context.fillStyle = c.muted;
    context.textBaseline = "middle";
    context.textAlign = "right";
    const ticks = [];
    for (let power = -4; power <= 3; power++) ticks.push(...[1, 2, 5].map((k) => k * 10 ** power));
    for (const tick of ticks) {
      if (logarithm(tick) < up[0] || logarithm(tick) > up[1]) continue;
      const y = h - MARGIN.bottom - (logarithm(tick) - up[0]) / (up[1] - up[0])
        * (h - MARGIN.top - MARGIN.bottom);
      context.globalAlpha = 0.6;
      context.beginPath();
      context.moveTo(MARGIN.left, y);
      context.lineTo(w - MARGIN.right, y);
      context.stroke();
      context.globalAlpha = 1;
      context.fillText(String(Number(tick.toPrecision(1))), MARGIN.left - 6, y);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    const wide = across[1] - across[0], step = wide > 1.2 ? 0.5 : wide > 0.5 ? 0.2 : 0.1;
    for (let k = Math.ceil(across[0] / step); k * step <= across[1]; k++) {
      const x = MARGIN.left + (k * step - across[0]) / wide * (w - MARGIN.left - MARGIN.right);
      context.beginPath();
      context.moveTo(x, h - MARGIN.bottom);
      context.lineTo(x, h - MARGIN.bottom + 4);
      context.stroke();
      context.fillText((k * step).toFixed(1), x, h - MARGIN.bottom + 6);
    }
    context.textAlign = "right";
    context.fillText("content distance", w - MARGIN.right, h - 13);
    context.save();
    context.translate(10, MARGIN.top);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "middle";
    context.fillText("style distance", 0, 0);
    context.restore();
    const dot = (one, radius) => {
      context.beginPath();
      context.arc(...spot(one, w, h), radius, 0, 2 * Math.PI);
      context.fill();
    };
    const trail = (curve) => {
      context.beginPath();
      for (const one of curve) context.lineTo(...spot(one, w, h));
      context.stroke();
    };
    const own = all.find(([one]) => one.layers === chosen.layers && one.start === chosen.start);
    context.fillStyle = context.strokeStyle = c.reference;
    context.lineWidth = 1;
    for (const curve of all) {
      context.globalAlpha = 0.25;
      trail(curve);
      context.globalAlpha = 0.6;
      for (const one of curve) dot(one, 3);
    }
    context.globalAlpha = 1;
    context.fillStyle = context.strokeStyle = c.generated;
    context.lineWidth = 2;
    trail(own);
    for (const one of own) dot(one, 4);
    context.lineWidth = 3;
    dot(chosen, 8);
    context.strokeStyle = c.paper;
    context.stroke();
  }});
  map.node.classList.add("style-map");
  map.node.addEventListener("click", (event) => {
    const [x, y] = map.point(event), w = map.node.clientWidth, h = map.node.clientHeight;
    let best = null, least = 30;  // as far as a finger may miss
    for (const one of all.flat()) {
      const [dx, dy] = spot(one, w, h), away = Math.hypot(dx - x * w, dy - y * h);
      if (away < least) [best, least] = [one, away];
    }
    if (best) choose(best);
  });
  const shown = ["content", "style"].map((name) => {
    const value = el("dd");
    return {value, node: el("div", {}, el("dt", {text: `${name} distance`}), value)};
  });
  controls.append(map.node, el("dl", {class: "style-numbers"}, ...shown.map(({node}) => node)));
  const words = `Each dot is one of ${readings.length} pictures; press one to see it. The line `
    + "joins the style weights of these layers and this start: as a rule, as the style comes "
    + "nearer (down), the content leaves (right). Both distances are the chapter's, by all its layers. 0 "
    + "is a perfect match, and neither number replaces your eye.";
  body.append(el("p", {class: "style-small style-wide", text: words}));

  const format = (value) => value.toFixed(value < 0.1 ? 3 : 2);

  function choose(change) {
    Object.assign(chosen, change);
    weight.value = chosen.weight;
    layers.value = chosen.layers;
    start.value = chosen.start;
    parts.textContent = facts.parts[facts.layers.indexOf(chosen.layers)].join(", ");
    const [content, style] = distances(facts, chosen).map(format);
    shown[0].value.textContent = content;
    shown[1].value.textContent = style;
    const told = `style weight ${chosen.weight}, ${chosen.layers} layers, from `
      + `${chosen.start === "noise" ? "" : "the "}${chosen.start}: content ${content}, `
      + `style ${style}`;
    board.node.setAttribute("aria-label", `The repainted picture: ${told}`);
    map.node.setAttribute("aria-label", `Content and style distance of all ${readings.length} `
      + `pictures. Chosen: ${told}`);
    board.redraw();
    map.redraw();
    say(`${told[0].toUpperCase()}${told.slice(1)}.`);
  }

  setShare(share);
  choose({});
  return {stop() { board.stop(); map.stop(); }};
}
