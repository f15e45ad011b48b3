// A map of 7 x 7 tokens that mouse, finger, keyboard and screen reader can work on, and the small
// pictures around it. Shared by the figures of chapters 15, 16 and 17.

import {el, canvas, goesSideways} from "../lib/frame.js";
import {LENGTH, PATCH, SIDE} from "./tokenizer.js";

export const STYLE = `
.tokens-board { position: relative; width: 100%; max-width: 25rem; margin: 0 auto; aspect-ratio: 1; }
.tokens-board > canvas { position: absolute; inset: 0; max-width: none !important; height: 100%; }
.tokens-grid { position: absolute; inset: 0; display: grid; grid-template-rows: repeat(7, 1fr); cursor: pointer; user-select: none; -webkit-user-select: none; }
.tokens-grid > [role=row] { display: grid; grid-template-columns: repeat(7, 1fr); }
.tokens-cell { forced-color-adjust: none; position: relative; display: flex; align-items: center; justify-content: center; font-size: 0.82rem; font-variant-numeric: tabular-nums; min-width: 0; }
.tokens-cell:focus-visible { outline: 3px solid var(--pst-color-secondary); outline-offset: -1px; z-index: 3; }
.tokens-gaps .tokens-cell { margin: 1px; border-radius: 3px; }
.tokens-ring { outline: 3px solid var(--live-generated); outline-offset: -2px; z-index: 2; }
.tokens-thumbs { display: flex; flex-wrap: wrap; gap: 4px; }
.tokens-thumb { position: relative; display: block; width: 44px; height: 44px; cursor: pointer; }
.tokens-thumb input { position: absolute; inset: 0; opacity: 0; margin: 0; cursor: pointer; }
.tokens-thumb span { forced-color-adjust: none; display: block; width: 44px; height: 44px; border-radius: 4px; background-size: 100% 100%; image-rendering: pixelated; border: 1px solid var(--live-line); }
.tokens-thumb input:checked + span { outline: 3px solid var(--pst-color-primary); }
.tokens-thumb input:focus-visible + span { outline: 3px solid var(--pst-color-secondary); outline-offset: 2px; }
.tokens-swatch { forced-color-adjust: none; background-size: 100% 100%; image-rendering: pixelated; border: 1px solid var(--live-line); border-radius: 3px; }
.tokens-name { margin: 0 0 0.2rem; font-size: 0.86rem; color: var(--pst-color-text-muted); line-height: 1.35; }
.tokens-told .live-say { margin: 0; line-height: 1.45; min-height: 2.9em; }
.tokens-tall .live-option span { min-height: 2.5rem; min-width: 2.5rem; box-sizing: border-box; justify-content: center; padding: 0.1rem 0.55rem; }
.tokens-more { font-size: 0.88rem; border: 0 !important; padding: 0 !important; margin: 0 !important; background: none !important; }
.tokens-more summary { min-height: 2.5rem; display: flex; align-items: center; gap: 0.4rem; cursor: pointer; width: fit-content; color: var(--pst-color-link); }
.tokens-more summary::before { content: "+"; font-weight: 600; }
.tokens-more[open] summary::before { content: "\\2212"; }
.tokens-more > div { display: flex; flex-direction: column; gap: 0.6rem; }
`;

const ENDS = ["pointerup", "pointercancel", "lostpointercapture"];

export const place = (i) => `row ${Math.floor(i / SIDE) + 1}, column ${i % SIDE + 1}`;

/** The board. `look(i)` returns {label, text, ground, ink, ring} of tile i; `press(i)` hears of a
 *  click, a tap, Enter or Space; with `drag: true` it hears of every tile that is dragged over as
 *  press(i, first), and `done()` of the end. `key(event, i)` may return true for a key it took.
 *  `draw`, if given, paints the ground as in lib/frame.js's canvas, and `name` says what it is. */
export function board({label, look, press, done = () => {}, drag = false, key = () => false,
  hover = () => {}, draw = null, name = ""}) {
  let here = 0, held = null, last = 0, pressed = false, lapse = null;
  let waiting = null;  // a finger's pointerdown that may still want to scroll the page
  const cells = Array.from({length: LENGTH}, (_, i) => el("div", {class: "tokens-cell",
    role: "gridcell", tabindex: i ? -1 : 0, onfocus: () => { here = i; hover(i); tab(i); },
    onblur: () => hover(-1)}));
  const rows = Array.from({length: SIDE}, (_, r) => el("div", {role: "row"},
    ...cells.slice(r * SIDE, (r + 1) * SIDE)));
  const grid = el("div", {class: "tokens-grid", role: "grid", "aria-label": label}, ...rows);
  const ground = draw ? canvas({width: 400, label: name, draw}) : null;
  const node = el("div", {class: draw ? "tokens-board" : "tokens-board tokens-gaps"}, ground?.node,
    grid);
  grid.style.touchAction = drag ? "pan-y pinch-zoom" : "manipulation";

  const tab = (i) => cells.forEach((cell, j) => cell.setAttribute("tabindex", i === j ? 0 : -1));
  const at = (event) => {
    const box = grid.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const within = (v) => Math.max(0, Math.min(SIDE - 1, Math.floor(v * SIDE)));
    return within(y) * SIDE + within(x);
  };
  const focus = (i) => {
    here = i;
    tab(i);
    cells[i].focus({preventScroll: true});
  };
  /** Every tile between two, so that a quick stroke leaves no gaps. */
  const between = (from, to) => {
    const [r0, c0] = [Math.floor(from / SIDE), from % SIDE];
    const [r1, c1] = [Math.floor(to / SIDE), to % SIDE];
    const steps = Math.max(Math.abs(r1 - r0), Math.abs(c1 - c0));
    return Array.from({length: steps}, (_, k) => {
      const share = (k + 1) / steps;
      return Math.round(r0 + share * (r1 - r0)) * SIDE + Math.round(c0 + share * (c1 - c0));
    });
  };

  const begin = () => {
    waiting = null;
    focus(last);
    press(last, true);
  };
  const released = () => {  // no click may follow; after a tap it may come a little later
    clearTimeout(lapse);
    lapse = setTimeout(() => { pressed = false; }, 400);
  };
  grid.addEventListener("pointerdown", (event) => {
    if (held !== null || event.button > 0 || event.ctrlKey) return;
    pressed = true;
    clearTimeout(lapse);
    for (const kind of ENDS) window.addEventListener(kind, released, {once: true});
    if (!drag) return;
    held = event.pointerId;
    grid.setPointerCapture(held);
    event.preventDefault();
    last = at(event);
    if (event.pointerType === "touch") waiting = event;
    else begin();
  });
  grid.addEventListener("pointermove", (event) => {
    const now = at(event);
    if (event.pointerId === held && waiting) {
      if (!goesSideways(waiting, event)) return;
      begin();
    }
    if (held === null) {
      if (event.pointerType === "mouse") hover(now);
    } else if (event.pointerId === held && now !== last) {
      for (const i of between(last, now)) press(i, false);
      last = now;
    }
  });
  grid.addEventListener("pointerleave", () => hover(-1));
  for (const kind of ENDS) {
    grid.addEventListener(kind, (event) => {
      if (event.pointerId !== held) return;
      held = null;
      if (waiting && kind === "pointerup") begin();  // a tap
      if (waiting) waiting = null;  // the page took the finger
      else done();
    });
  }
  grid.addEventListener("click", (event) => {
    const told = pressed;  // a screen reader clicks without a pointer
    pressed = false;
    if (drag && told) return;
    const i = cells.indexOf(event.target.closest(".tokens-cell"));
    if (i < 0) return;
    if (told) focus(i);
    press(i, true);
    done();
  });
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [row, column] = [Math.floor(here / SIDE), here % SIDE];
    const next = {ArrowLeft: column ? here - 1 : here, ArrowUp: row ? here - SIDE : here,
      ArrowRight: column < SIDE - 1 ? here + 1 : here,
      ArrowDown: row < SIDE - 1 ? here + SIDE : here,
      Home: row * SIDE, End: row * SIDE + SIDE - 1}[event.key];
    if (next !== undefined) {
      focus(next);
    } else if (event.key === "Enter" || event.key === " ") {
      press(here, true);
      done();
    } else if (!key(event, here)) {
      return;
    }
    event.preventDefault();
  });

  /** Show what `look` says of every tile. */
  const refresh = () => {
    cells.forEach((cell, i) => {
      const {label: says, text = "", ground: back = "", ink = "", ring = false} = look(i);
      if (cell.getAttribute("aria-label") !== says) cell.setAttribute("aria-label", says);
      if (cell.textContent !== text) cell.textContent = text;
      cell.style.background = back;
      cell.style.color = ink;
      cell.classList.toggle("tokens-ring", ring);
    });
    ground?.redraw();
  };
  return {node, cells, grid, focus, refresh, canvas: ground, get here() { return here; },
    stop: () => ground?.stop()};
}

/** A small picture (side, side) of values 0 to 255 as an address for CSS or <img>. */
export function address(values, side) {
  const node = document.createElement("canvas");
  node.width = node.height = side;
  const context = node.getContext("2d");
  const pixels = context.createImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    pixels.data.set([values[i], values[i], values[i], 255], 4 * i);
  }
  context.putImageData(pixels, 0, 0);
  return node.toDataURL();
}

/** A function that gives each code's swatch as an address, each made once. */
export function swatches(tokenizer) {
  const made = [];
  return (code) => (made[code] ??= address(tokenizer.swatch(code), PATCH));
}

/** Pictures to choose from, as radio buttons. options: [{value, label, source}]. {node, value} */
export function thumbs({legend, options, value, onChange}) {
  const group = `tokens-thumbs-${++thumbs.count}`;
  const inputs = options.map((option) => {
    const input = el("input", {type: "radio", name: group, value: option.value,
      "aria-label": option.label, onchange: () => onChange(option.value)});
    input.checked = option.value === value;
    return input;
  });
  const node = el("fieldset", {}, el("legend", {text: legend}), el("div", {class: "tokens-thumbs"},
    ...options.map((option, i) => {
      const picture = el("span", {title: option.label});
      picture.style.backgroundImage = `url(${option.source})`;
      return el("label", {class: "tokens-thumb"}, inputs[i], picture);
    })));
  return {node, set value(now) {
    inputs.forEach((input, i) => { input.checked = options[i].value === now; });
  }};
}
thumbs.count = 0;

/** A line of small print. */
export const note = (text, more = "") => el("div", {class: `tokens-name ${more}`, text});

/** Take the line that is read out to where it is seen: near what it speaks of. */
export function told(stage) {
  return el("div", {class: "tokens-told"}, stage.querySelector(".live-say"));
}

/** Wait until the page has painted: what runs in pieces awaits this between them. */
export const breath = () => new Promise((resolve) => { setTimeout(resolve); });
