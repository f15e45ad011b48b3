// What every live figure shares: its controls, its canvases, its colours, its clock.
//
// Everything is a plain DOM element with a label, so that keyboard and screen reader get what
// mouse and finger get. Nothing here knows a model.

let count = 0;
const fresh = (word) => `live-${word}-${++count}`;

/** Make an element: `properties` are class, text, attributes, or on* handlers. */
export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Lay out a figure: a view, controls beside or below it, and a line that is read out.
 *  Returns {view, controls, say(text, atOnce)}; `say` speaks politely, and not more than once a
 *  second unless told so. */
export function panel(stage, {label}) {
  const view = el("div", {class: "live-view"});
  const controls = el("div", {class: "live-controls"});
  const line = el("p", {class: "live-say", role: "status", "aria-live": "polite"});
  stage.append(el("div", {class: "live-body", role: "group", "aria-label": label}, view, controls), line);
  let wanted = "", waiting = null, last = -Infinity;
  const speak = () => {
    waiting = null;
    last = performance.now();
    if (line.textContent !== wanted) line.textContent = wanted;
  };
  const say = (text, atOnce = false) => {
    wanted = text;
    if (atOnce) {
      clearTimeout(waiting);
      speak();
    }
    if (waiting !== null || atOnce) return;
    const pause = 1000 - (performance.now() - last);
    if (pause <= 0) speak();
    else waiting = setTimeout(speak, pause);
  };
  return {view, controls, say};
}

/** A row of controls under one heading (a fieldset with a legend when `legend` is given). */
export function group(legend, ...children) {
  if (!legend) return el("div", {class: "live-row"}, ...children);
  return el("fieldset", {class: "live-group"}, el("legend", {text: legend}), ...children);
}

export function button({label, onClick, title, main = false}) {
  const node = el("button", {type: "button", class: main ? "live-button live-main" : "live-button",
    text: label, title, onclick: onClick});
  return {node, set label(text) { node.textContent = text; },
    set disabled(value) { node.disabled = value; }};
}

/** A check box. {node, value} */
export function toggle({label, value = false, onChange}) {
  const input = el("input", {type: "checkbox", onchange: () => onChange?.(input.checked)});
  input.checked = value;
  return {node: el("label", {class: "live-toggle"}, input, label), input,
    get value() { return input.checked; }, set value(now) { input.checked = now; }};
}

/** A slider with its value beside it. `values`, if given, lists what the steps stand for.
 *  `format(value)` is what is shown and read out. {node, value, input} */
export function slider({label, min = 0, max = 1, step = 0.01, value, values = null,
  format = (v) => String(v), onInput}) {
  const id = fresh("slider");
  const place = (v) => (values ? values.indexOf(v) : v);
  const of = (text) => (values ? values[Number(text)] : Number(text));
  const input = el("input", {type: "range", id, min: values ? 0 : min,
    max: values ? values.length - 1 : max, step: values ? 1 : step});
  input.value = place(value ?? (values ? values[0] : min));
  const shown = el("output", {for: id, "aria-live": "off"});  // the input tells it already
  const tell = () => {
    shown.textContent = format(of(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", () => { tell(); onInput?.(of(input.value)); });
  tell();
  const node = el("div", {class: "live-slider"}, el("label", {for: id, text: label}), input, shown);
  return {node, input, get value() { return of(input.value); },
    set value(now) { input.value = place(now); tell(); }};
}

/** One of a few, as radio buttons in a row. options: [{value, label}]. {node, value} */
export function choice({label, options, value = options[0].value, onChange}) {
  const name = fresh("choice");
  const inputs = options.map((option) => {
    const input = el("input", {type: "radio", name, value: option.value,
      onchange: () => onChange?.(option.value)});
    input.checked = option.value === value;
    return el("label", {class: "live-option"}, input, el("span", {text: option.label}));
  });
  const node = el("fieldset", {class: "live-choice"}, el("legend", {text: label}),
    el("div", {class: "live-options"}, ...inputs));
  const chosen = () => options.find((_, i) => inputs[i].firstChild.checked)?.value;
  return {node, get value() { return chosen(); },
    set value(now) { options.forEach((o, i) => { inputs[i].firstChild.checked = o.value === now; }); }};
}

/** One of many, as a menu. {node, value} */
export function select({label, options, value = options[0].value, onChange}) {
  const id = fresh("select");
  const input = el("select", {id, onchange: () => onChange?.(input.value)},
    ...options.map((o) => el("option", {value: o.value, text: o.label})));
  input.value = value;
  return {node: el("div", {class: "live-select"}, el("label", {for: id, text: label}), input),
    get value() { return input.value; }, set value(now) { input.value = now; }};
}

/** The figure around `node` cannot go on: the loader shows its picture again and says why. What
 *  runs by itself (a frame, a promise) tells its errors here: no one else would hear of them. An
 *  error of our own is a sentence; the others are for whoever looks into the console. */
export function fault(node, error) {
  console.error(error);
  const why = error?.constructor === Error ? ` (${error.message.replace(/[.\s]+$/, "")})` : "";
  node.closest(".live-stage")?.dispatchEvent(new CustomEvent("live-fault",
    {detail: `its script ran into an error${why}.`}));
}

const NAMES = ["real", "generated", "discriminator", "other", "light", "reference", "ink", "muted",
  "paper", "surface", "line"];
let palette = null;  // kept while the theme stays: it is asked for in every frame

/** The book's colours in the page's present theme, as CSS colours. */
export function colours() {
  const {theme} = document.documentElement.dataset;
  if (palette?.theme !== theme) {
    const style = getComputedStyle(document.documentElement);
    palette = {theme, ...Object.fromEntries(
      NAMES.map((name) => [name, style.getPropertyValue(`--live-${name}`).trim()]))};
  }
  return palette;
}

/** Call back when the reader changes between light and dark; returns what undoes that. */
function onTheme(callback) {
  const watcher = new MutationObserver(callback);
  watcher.observe(document.documentElement, {attributeFilter: ["data-theme"]});
  return () => watcher.disconnect();
}

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A canvas as wide as its place (at most `width` CSS pixels), sharp on every screen.
 *  `draw(context, width, height)` paints it in CSS pixels; call `redraw` when something changed.
 *  `label` is its text alternative. {node, redraw, point(event) -> [x, y] in 0..1, stop} */
export function canvas({width = 420, ratio = 1, label, draw}) {
  const node = el("canvas", {class: "live-canvas", role: "img", "aria-label": label});
  node.style.maxWidth = `${width}px`;
  node.style.aspectRatio = String(ratio);
  const context = node.getContext("2d");
  let asked = false;
  const paint = () => {
    asked = false;
    const w = node.clientWidth, h = node.clientHeight;
    if (!w || !h) return;
    const sharp = Math.min(3, window.devicePixelRatio || 1);
    if (node.width !== Math.round(w * sharp)) node.width = Math.round(w * sharp);
    if (node.height !== Math.round(h * sharp)) node.height = Math.round(h * sharp);
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, w, h);
    try {
      draw(context, w, h);
    } catch (error) {
      fault(node, error);
    }
  };
  const redraw = () => {
    if (!asked) requestAnimationFrame(paint);
    asked = true;
  };
  const sized = new ResizeObserver(redraw);
  sized.observe(node);
  const untheme = onTheme(() => (node.isConnected ? redraw() : stop()));  // a mount that failed
  const stop = () => { sized.disconnect(); untheme(); };
  const point = (event) => {
    const box = node.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  return {node, redraw, point, stop};
}

/** Let a canvas be dragged by finger or the mouse's first button: start(x, y, event),
 *  move(x, y, event), end(). x and y in 0..1, and may leave it. `start` may return false to let
 *  the page scroll. What is dragged `sideways` alone leaves a finger that goes up or down to the
 *  page: it starts when the finger goes sideways, or is lifted where it came down. */
export function drag(node, {start, move, end, sideways = false}) {
  let held = null, waiting = null;  // a finger's pointerdown that may still want to scroll
  node.style.touchAction = sideways ? "pan-y pinch-zoom" : "none";
  const at = (event) => {
    const box = node.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const begin = (event) => {
    waiting = null;
    if (start(...at(event), event) === false) return false;
    node.focus({preventScroll: true});
    return true;
  };
  node.addEventListener("pointerdown", (event) => {
    if (held !== null || event.button > 0 || event.ctrlKey) return;  // those ask for the menu
    if (sideways && event.pointerType === "touch") waiting = event;
    else if (!begin(event)) return;
    held = event.pointerId;
    node.setPointerCapture(held);
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (event.pointerId !== held) return;
    if (waiting && !goesSideways(waiting, event)) return;
    if (waiting && !begin(waiting)) held = null;
    else move?.(...at(event), event);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) {
    node.addEventListener(kind, (event) => {
      if (event.pointerId !== held) return;
      held = null;
      if (waiting && kind === "pointerup") begin(waiting);
      if (waiting) waiting = null;  // the page took the finger
      else end?.();
    });
  }
}

/** Whether a finger that came down with one event has by another gone left or right: up or down
 *  the browser scrolls, and tells so by a pointercancel. */
export function goesSideways(from, to) {
  const [x, y] = [to.clientX - from.clientX, to.clientY - from.clientY].map(Math.abs);
  return x > 6 && x > y;
}

/** A square on which two numbers in [-1, 1] are chosen, by finger, mouse or arrow keys.
 *  `draw(context, width, height)` paints its ground, `cross` two lines through its middle;
 *  `labels` names the two directions.
 *  {node, value: [x, y], redraw}; y grows upward. Two sliders beside it say the same to all. */
export function pad({labels, width = 220, value = [0, 0], cross = true, draw, onInput, describe}) {
  let now = [...value];
  const board = canvas({width, label: "", draw(context, w, h) {
    const c = colours();
    draw?.(context, w, h);
    context.strokeStyle = c.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, w - 1, h - 1);
    context.beginPath();
    if (cross) {
      context.moveTo(w / 2, 0); context.lineTo(w / 2, h);
      context.moveTo(0, h / 2); context.lineTo(w, h / 2);
    }
    context.stroke();
    context.beginPath();
    context.arc((now[0] + 1) / 2 * w, (1 - now[1]) / 2 * h, 9, 0, 2 * Math.PI);
    context.fillStyle = c.generated;
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = c.paper;
    context.stroke();
  }});
  board.node.setAttribute("tabindex", "0");
  board.node.setAttribute("role", "application");
  board.node.setAttribute("aria-roledescription", "pad with two directions");
  const text = () => describe?.(now)
    ?? `${labels[0]} ${now[0].toFixed(2)}, ${labels[1]} ${now[1].toFixed(2)}; arrow keys move it`;
  const clamp = (v) => Math.max(-1, Math.min(1, v));
  const go = (x, y, tell = true) => {
    now = [clamp(x), clamp(y)];
    board.node.setAttribute("aria-label", text());
    board.redraw();
    if (tell) onInput?.(now);
  };
  drag(board.node, {start: (x, y) => go(2 * x - 1, 1 - 2 * y), move: (x, y) => go(2 * x - 1, 1 - 2 * y)});
  board.node.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 0.2 : 0.05;
    const by = {ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step],
      ArrowDown: [0, -step]}[event.key];
    if (event.key === "Home") go(0, 0);
    else if (by) go(now[0] + by[0], now[1] + by[1]);
    else return;
    event.preventDefault();
  });
  go(...now, false);
  return {node: board.node, redraw: board.redraw, stop: board.stop, get value() { return now; },
    set value([x, y]) { go(x, y, false); }};
}

/** Call `tick(milliseconds)` for each frame while running, on screen and in a visible tab.
 *  {start, stop, running}; `onChange(running)` hears of both. */
export function loop(node, tick, onChange = () => {}) {
  let running = false, seen = true, frame = null, last = 0;
  const step = (time) => {
    frame = null;
    if (!running) return;  // stopped since this frame was asked for
    const passed = Math.min(100, time - last);
    last = time;
    try {
      tick(passed);
    } catch (error) {
      fault(node, error);
      return;
    }
    plan();
  };
  const plan = () => {
    if (running && seen && frame === null) frame = requestAnimationFrame(step);
  };
  const watcher = new IntersectionObserver((entries) => {
    seen = entries[entries.length - 1].isIntersecting;
    plan();
  });
  watcher.observe(node);
  const set = (now) => {
    if (running === now) return;
    running = now;
    last = performance.now();
    onChange(running);
    plan();
  };
  return {start: () => set(true), stop: () => set(false), get running() { return running; },
    end() { set(false); watcher.disconnect(); if (frame !== null) cancelAnimationFrame(frame); }};
}

/** How many milliseconds of a frame work in the background may take, when the last frame took
 *  `passed`: 12, and more where painting is slow, or hardly any of it would be done. */
export const share = (passed) => Math.max(12, Math.min(80, passed / 2));

/** A canvas that is not shown, to paint from (OffscreenCanvas is missing in older browsers). */
export const sheet = (width, height) => el("canvas", {width, height});

let small = null;  // where an image gets its pixels before it is enlarged

/** Paint an image (h, w, c) in [-1, 1], c 1 or 3, at (x, y) with size (across, down), pixels kept
 *  square and sharp. */
export function paintImage(context, data, h, w, c, x, y, across, down = across * h / w) {
  small ??= sheet(w, h);
  if (small.width !== w || small.height !== h) [small.width, small.height] = [w, h];
  const to = small.getContext("2d");
  const pixels = to.createImageData(w, h);
  for (let i = 0; i < h * w; i++) {
    for (let k = 0; k < 3; k++) {
      const value = data[i * c + (c === 3 ? k : 0)];
      pixels.data[4 * i + k] = Math.round((Math.max(-1, Math.min(1, value)) + 1) * 127.5);
    }
    pixels.data[4 * i + 3] = 255;
  }
  to.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, x, y, across, down);
}
