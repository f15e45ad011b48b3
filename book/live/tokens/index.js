// Chapter 15: a picture as a map of tokens. Change one, and see what the decoder makes of it.

import {load} from "../lib/weights.js";
import {el, panel, group, button, canvas, colours, paintImage} from "../lib/frame.js";
import {STYLE, address, board, note, place, swatches, thumbs, told} from "./board.js";
import {LENGTH, NAMES, PATCH, PIXELS, SIDE, Tokenizer} from "./tokenizer.js";

export {Tokenizer} from "./tokenizer.js";

const VISIBLE = 0.1;  // of a range of 2: a pixel that changed less looks the same

export const open = async (base, progress) => load(`${base}tokenizer.bin`, progress);

/** Which pixels two pictures differ in, by how much, and which share of it lies in some patches. */
export function reach(before, after, patches) {
  const change = new Float32Array(PIXELS * PIXELS);
  let count = 0, sum = 0, inside = 0;
  for (let i = 0; i < change.length; i++) {
    change[i] = Math.abs(after[i] - before[i]);
    const patch = Math.floor(i / PIXELS / PATCH) * SIDE + Math.floor(i % PIXELS / PATCH);
    sum += change[i];
    if (patches.has(patch)) inside += change[i];
    if (change[i] > VISIBLE) count++;
  }
  return {change, count, inside: sum ? inside / sum : 0};
}

/** Milliseconds that one picture takes to decode and to encode, the best of ten. */
export async function speed(base) {
  const tokenizer = new Tokenizer(await open(base));
  const picture = new Float32Array(PIXELS * PIXELS);
  const best = (act) => Math.min(...Array.from({length: 10}, () => {
    const start = performance.now();
    act();
    return performance.now() - start;
  }));
  return {encode: best(() => tokenizer.encode(picture)),
    decode: best(() => tokenizer.decode(new Int32Array(LENGTH)))};
}

const OWN = `
.tokens-figure { display: grid; gap: 0.7rem 1rem; grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); align-items: start; }
.tokens-figure > div { min-width: 0; }
.tokens-map { grid-column: 1 / 3; }
.tokens-side { display: flex; flex-direction: column; gap: 0.4rem; }
.tokens-figure .live-canvas { border-radius: 3px; }
@media (min-width: 720px) {
  .tokens-figure { grid-template-columns: minmax(0, 1fr) minmax(0, 2.5fr) minmax(0, 2.5fr); }
  .tokens-side { order: 1; } .tokens-map { order: 2; grid-column: auto; } .tokens-out { order: 3; }
}
.tokens-palette { display: grid; grid-template-columns: repeat(auto-fill, minmax(2.6rem, 1fr)); gap: 3px; max-height: 12.2rem; overflow-y: auto; padding: 4px; margin: 0 -4px; }
@media (min-width: 720px) and (pointer: fine) { .tokens-palette { grid-template-columns: repeat(22, 1fr); max-height: none; } }
.tokens-code { aspect-ratio: 1; cursor: pointer; border-bottom: 6px solid var(--tokens-colour); }
.tokens-code[aria-selected=true] { outline: 3px solid var(--live-generated); outline-offset: 1px; }
.tokens-code:focus-visible { outline: 3px solid var(--pst-color-secondary); outline-offset: 1px; }
.tokens-brush { display: flex; align-items: center; gap: 0.6rem; font-size: 0.92rem; margin-bottom: 0.4rem; }
.tokens-brush .tokens-swatch { width: 2.5rem; height: 2.5rem; flex: none; }
@media (max-width: 719px) { .tokens-told .live-say { min-height: 4.35em; } }
.tokens-keys { display: none; }
@media (hover: hover) { .tokens-keys { display: block; } }
`;

export async function mount(stage, {base, progress}) {
  const file = await open(base, progress);
  const tokenizer = new Tokenizer(file);
  const swatch = swatches(tokenizer);
  const shown = file.facts.kinds.map((kind, i) => {
    const bytes = file.tensors.pictures.subarray(i * PIXELS * PIXELS, (i + 1) * PIXELS * PIXELS);
    const again = file.facts.kinds.indexOf(kind) < i;
    return {label: again ? `another ${NAMES[kind]}` : NAMES[kind], source: address(bytes, PIXELS),
      value: i, picture: Float32Array.from(bytes, (b) => b / 127.5 - 1)};
  });

  let piece, own, tokens, decoded, code = tokenizer.order[tokenizer.codes - 1];
  let picking = false, pointed = -1, past = [], stroke = null, last = null;

  const {view, say} = panel(stage, {label: "A picture as a map of tokens"});
  stage.append(el("style", {text: STYLE + OWN}));
  view.parentNode.classList.add("live-wide");

  const square = (context, i, w, colour, width) => {
    const side = w / SIDE;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.strokeRect(i % SIDE * side + width / 2, Math.floor(i / SIDE) * side + width / 2,
      side - width, side - width);
  };
  const original = canvas({width: 400, label: "", draw(context, w) {
    paintImage(context, piece.picture, PIXELS, PIXELS, 1, 0, 0, w);
  }});
  const out = canvas({width: 400, label: "", draw(context, w) {
    paintImage(context, decoded, PIXELS, PIXELS, 1, 0, 0, w);
    if (pointed >= 0) square(context, pointed, w, colours().generated, 2);
  }});
  const changed = canvas({width: 400, label: "", draw(context, w) {
    const c = colours(), side = w / PIXELS;
    context.fillStyle = c.paper;
    context.fillRect(0, 0, w, w);
    context.strokeStyle = c.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, w - 1, w - 1);
    if (!last) return;
    const seen = (row, column) => row >= 0 && column >= 0 && row < PIXELS && column < PIXELS
      && last.change[row * PIXELS + column] > VISIBLE;
    context.fillStyle = c.generated;
    context.strokeStyle = c.ink;
    context.lineWidth = 1.25;
    context.beginPath();
    for (let r = 0; r < PIXELS; r++) {
      for (let k = 0; k < PIXELS; k++) {
        context.globalAlpha = Math.min(1, 1.2 * Math.sqrt(last.change[r * PIXELS + k] / 2));
        context.fillRect(k * side, r * side, side, side);
        if (!seen(r, k)) continue;
        const [x, y] = [k * side, r * side];
        for (const [dr, dk, x0, y0, x1, y1] of [[-1, 0, 0, 0, 1, 0], [1, 0, 0, 1, 1, 1],
          [0, -1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 1]]) {
          if (seen(r + dr, k + dk)) continue;
          context.moveTo(x + x0 * side, y + y0 * side);
          context.lineTo(x + x1 * side, y + y1 * side);
        }
      }
    }
    context.globalAlpha = 1;
    context.stroke();
    for (const i of last.patches) square(context, i, w, c.ink, 2);
  }});

  const map = board({label: "Tokens", drag: true,
    look: (i) => {
      const {ground, ink} = tokenizer.colour(tokens[i]);
      return {label: `${place(i)}: code ${tokens[i]}, ${tokenizer.words(tokens[i])}`,
        text: String(tokens[i]), ground, ink};
    },
    press(i, first) {
      if (picking) {
        if (first) choose(tokens[i]);
        return;
      }
      stroke ??= {before: decoded, tokens: tokens.slice(), patches: new Set()};
      put(i, code);
    },
    done() {
      if (picking) pickMode(false);
      else finish();
    },
    key(event, i) {
      const by = {"+": 1, "=": 1, "-": -1, "_": -1}[event.key];
      if (by) {
        stroke = {before: decoded, tokens: tokens.slice(), patches: new Set()};
        const next = (tokenizer.rank[tokens[i]] + by + tokenizer.codes) % tokenizer.codes;
        put(i, tokenizer.order[next]);
        finish();
      } else if (event.key.toLowerCase() === "p") {
        choose(tokens[i]);
      } else {
        return false;
      }
      return true;
    },
    hover(i) {
      if (pointed === i) return;
      pointed = i;
      out.redraw();
    }});

  /** Put a code onto a tile and decode at once. */
  function put(i, value) {
    if (tokens[i] === value) return;
    tokens[i] = value;
    stroke.patches.add(i);
    decoded = tokenizer.decode(tokens);
    last = {...reach(stroke.before, decoded, stroke.patches), patches: stroke.patches};
    show();
  }

  /** A press, a stroke or a button is over: it can be undone, and is told in words. */
  function finish() {
    const made = stroke;
    stroke = null;
    if (!made?.patches.size) return;
    past.push(made);
    const [first] = made.patches, many = made.patches.size > 1;
    const what = many ? `${made.patches.size} tokens changed` : `${place(first)} is now code `
      + `${tokens[first]} in place of ${made.tokens[first]}`;
    say(`${what[0].toUpperCase()}${what.slice(1)}: ${last.count} of 784 pixels look different; `
      + `${Math.round(100 * last.inside)} % of the change lies in ${many ? "their" : "its"} own `
      + `4 × 4 pixels.`);
    show();
  }

  const palette = el("div", {class: "tokens-palette", role: "listbox",
    "aria-label": "Code to paint with"});
  const options = tokenizer.order.map((value) => {
    const option = el("div", {class: "tokens-code tokens-swatch", role: "option", tabindex: -1,
      "aria-label": `code ${value}, ${tokenizer.words(value)}`, title: `code ${value}`,
      onclick: () => choose(value)});
    option.style.backgroundImage = `url(${swatch(value)})`;
    option.style.setProperty("--tokens-colour", tokenizer.colour(value).ground);
    palette.append(option);
    return option;
  });
  palette.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = tokenizer.rank[code];
    const wide = options.findIndex((o) => o.offsetTop > options[0].offsetTop);
    const across = wide < 1 ? options.length : wide;
    const next = {ArrowLeft: now - 1, ArrowRight: now + 1, ArrowUp: now - across,
      ArrowDown: now + across, Home: 0, End: options.length - 1}[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next < 0 || next >= options.length) return;
    choose(tokenizer.order[next]);
    options[next].focus();
  });

  const brush = el("div", {class: "tokens-swatch", "aria-hidden": "true"});
  const brushName = el("span");
  const pick = button({label: "Pick from the map", onClick: () => pickMode(!picking)});
  const undo = button({label: "Undo", onClick() {
    const {tokens: old} = past.pop();
    tokens = old;
    decoded = tokenizer.decode(tokens);
    last = null;
    show();
    say("Undone.");
    if (undo.node.disabled) map.focus(map.here);
  }});
  const back = button({label: "Its own tokens", onClick() {
    all((i) => own[i]);
    say("The tokens of the picture itself.");
  }});
  const fill = button({label: "Fill all", onClick: () => all(() => code)});

  function all(of) {
    stroke = {before: decoded, tokens: tokens.slice(), patches: new Set()};
    for (let i = 0; i < LENGTH; i++) {
      if (tokens[i] !== of(i)) stroke.patches.add(i);
      tokens[i] = of(i);
    }
    decoded = tokenizer.decode(tokens);
    last = {...reach(stroke.before, decoded, stroke.patches), patches: stroke.patches};
    finish();
    show();
  }
  function pickMode(on) {
    picking = on;
    pick.node.setAttribute("aria-pressed", String(on));
    if (on) say("Choose a tile: its code becomes the one to paint with.");
  }
  function choose(value) {
    options[tokenizer.rank[code]].setAttribute("tabindex", -1);
    options[tokenizer.rank[code]].setAttribute("aria-selected", "false");
    code = value;
    const option = options[tokenizer.rank[code]];
    option.setAttribute("tabindex", 0);
    option.setAttribute("aria-selected", "true");
    const [above, below] = [option.offsetTop - palette.offsetTop, palette.clientHeight];
    if (above < palette.scrollTop || above + option.offsetHeight > palette.scrollTop + below) {
      palette.scrollTop = above - below / 2;
    }
    brush.style.backgroundImage = `url(${swatch(code)})`;
    brushName.textContent = `You paint with code ${code}, ${tokenizer.words(code)}.`;
  }

  const line = note("");
  function show() {
    map.refresh();
    original.redraw();
    out.redraw();
    changed.redraw();
    undo.disabled = !past.length;
    const differ = tokens.reduce((sum, value, i) => sum + (value !== own[i]), 0);
    back.disabled = !differ;
    out.node.setAttribute("aria-label", `Decoded: ${piece.label}, ${differ} of 49 tokens changed`);
    changed.node.setAttribute("aria-label", last
      ? `Reach of the last change: ${last.count} pixels look different`
      : "Reach of the last change: nothing changed yet");
    line.textContent = `49 tokens of 7 bits are 343 bits; its 784 pixels of 8 bits are 6,272.`
      + (differ ? ` ${differ} ${differ > 1 ? "tokens are" : "token is"} yours.` : "");
  }
  function take(i) {
    piece = shown[i];
    own = tokenizer.encode(piece.picture);
    tokens = own.slice();
    decoded = tokenizer.decode(tokens);
    past = [];
    last = stroke = null;
    original.node.setAttribute("aria-label", `Original: ${piece.label}`);
    show();
  }

  const clothes = thumbs({legend: "A piece of clothing", value: 3, options: shown, onChange(i) {
    take(i);
    say(`${piece.label[0].toUpperCase()}${piece.label.slice(1)}: encoded to 49 tokens here in the `
      + "page, and decoded.");
  }});
  view.append(clothes.node,
    el("div", {class: "tokens-figure"},
      el("div", {class: "tokens-out"}, note("Decoded from the tokens"), out.node),
      el("div", {class: "tokens-side"}, el("div", {}, note("Original"), original.node),
        el("div", {}, note("Last change"), changed.node)),
      el("div", {class: "tokens-map"}, note("Tokens: press or drag to paint"), map.node)),
    told(stage),
    group("", undo.node, back.node, fill.node, pick.node),
    el("div", {}, el("div", {class: "tokens-brush"}, brush, brushName),
      note("All 128 codes, each as it paints on average, dark to light, over its colour on the "
        + "map:"), palette,
      note("On the map: arrow keys move, Enter paints, + and − try the next code, P picks.",
        "tokens-keys")),
    line);
  take(3);
  choose(code);
  stage.querySelector(".live-say").textContent = "Encoded to 49 tokens here in the page. Press a "
    + "tile to put another token there.";
  return {stop() { for (const part of [original, out, changed, map]) part.stop(); }};
}
