// Chapter 16: a picture written token by token, with the chances that the model gives at each.

import {load} from "../lib/weights.js";
import {draw} from "../lib/nn.js";
import {freshSeed, uniform} from "../lib/random.js";
import {el, panel, group, button, choice, fault, slider, toggle, colours, loop, paintImage,
  reducedMotion} from "../lib/frame.js";
import {STYLE, board, breath, note, place, swatches, told} from "../tokens/board.js";
import {LENGTH, NAMES, PIXELS, SIDE, Tokenizer} from "../tokens/tokenizer.js";
import {SCALE, TEMPERATURE, Writer, greedy} from "./writer.js";

export {Tokenizer, Writer, greedy};

const BARS = 8;      // codes whose chances are shown
const PIECE = 20;    // milliseconds of work before the page may breathe

export const open = async (base, progress) => load(`${base}model.bin`, progress);

/** Milliseconds that all 49 tokens of a picture take, with guidance; the best of three. */
export async function speed(base) {
  const writer = new Writer(await open(base));
  return Math.min(...[0, 1, 2].map((kind) => {
    const start = performance.now();
    greedy(writer, kind, SCALE);
    return performance.now() - start;
  }));
}

const OWN = `
.next-token-list { list-style: none; margin: 0; padding: 0; display: flex; flex-direction: column; gap: 2px; }
.next-token-list li { margin: 0; padding: 0; }
.next-token-code { display: grid; grid-template-columns: 2.1rem 2.2rem minmax(0, 1fr) 3.4rem; gap: 0.5rem; align-items: center; width: 100%; min-height: 2.5rem; padding: 0.15rem 0.4rem; border: 2px solid transparent; border-radius: 6px; background: none; color: var(--pst-color-text-base); font: inherit; font-size: 0.88rem; font-variant-numeric: tabular-nums; text-align: left; cursor: pointer; }
.next-token-code:hover { background: var(--pst-color-background); }
.next-token-code .tokens-swatch { width: 2rem; height: 2rem; }
.next-token-code[aria-pressed=true] { border-color: var(--live-generated); background: var(--pst-color-background); }
.next-token-track { forced-color-adjust: none; height: 0.7rem; border-radius: 3px; background: var(--live-line); overflow: hidden; }
.next-token-track > span { display: block; height: 100%; background: var(--pst-color-text-muted); }
[aria-pressed=true] .next-token-track > span { background: var(--live-generated); }
.tokens-tall .live-main { min-width: 8.4rem; } /* its word changes: the others stay in place */
.next-token-share { text-align: right; white-space: nowrap; }
`;

export async function mount(stage, {base, progress}) {
  const file = await open(base, progress);
  const tokenizer = new Tokenizer(file), writer = new Writer(file, 9);
  const swatch = swatches(tokenizer);
  const still = reducedMotion();

  let dice = [], seen = 0;  // one random number a place; the place whose chances are shown
  let decoded = null, waited = 0, turn = 0, redrawing = false;
  const own = new Map();  // the reader's codes, by place: they stand when the rest is drawn anew
  const how = {scale: SCALE, temperature: TEMPERATURE};
  const throwDice = (from = 0) => {
    const random = uniform(freshSeed());
    dice = Array.from({length: LENGTH}, (_, i) => (i < from ? dice[i] : random()));
  };

  const {view, controls, say} = panel(stage, {label: "A picture written token by token"});
  stage.append(el("style", {text: STYLE + OWN}));
  stage.firstChild.classList.add("tokens-tall");

  const numbers = toggle({label: "Show the tokens", onChange: () => map.refresh()});
  const map = board({label: "Picture, 49 places in reading order", name: "",
    look(i) {
      const code = writer.tokens[i];
      const known = code !== undefined;
      const text = known && numbers.value ? String(code) : "";
      const {ground, ink} = text ? tokenizer.colour(code) : {};
      return {text, ground, ink, ring: i === seen,
        label: `${place(i)}: ${known ? `code ${code}, ${tokenizer.words(code)}` : "not drawn yet"}${
          own.has(i) ? ", your choice" : ""}`};
    },
    draw(context, w) {
      const c = colours(), side = w / SIDE;
      paintImage(context, decoded, PIXELS, PIXELS, 1, 0, 0, w);
      for (let i = writer.tokens.length; i < LENGTH; i++) {
        const [x, y] = [i % SIDE * side, Math.floor(i / SIDE) * side];
        context.fillStyle = c.line;
        context.fillRect(x, y, side, side);
        context.strokeStyle = c.surface;
        context.lineWidth = 1;
        context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
      }
    },
    press(i) {
      halt();
      seen = Math.min(i, writer.tokens.length);
      show();
      if (i > seen) {
        say(`The next to be drawn is ${place(seen)}.`);
      } else if (i < writer.tokens.length) {
        say(`The chances there were at ${place(i)}. Choose another code, and the model goes on `
          + "from it.");
      }
    }});

  // ---- the chances -----------------------------------------------------------------

  const heading = note("");
  const rest = note("");
  const bars = Array.from({length: BARS}, () => {
    const picture = el("span", {class: "tokens-swatch"}), name = el("span");
    const fill = el("span"), share = el("span", {class: "next-token-share"});
    const node = el("button", {type: "button", class: "next-token-code", "aria-pressed": "false"},
      picture, name, el("span", {class: "next-token-track"}, fill), share);
    const bar = {node, code: 0};
    node.addEventListener("click", () => {
      halt();
      const before = writer.tokens[seen], rest = writer.tokens.length - seen - 1;
      if (before === bar.code) return;
      cut(seen);
      own.set(seen, bar.code);
      writer.push(bar.code);
      decode();
      show();
      say(`${name_(seen)}: your code ${bar.code}`
        + (before === undefined ? "." : ` in place of ${before}.`)
        + (rest > 0 ? " The model goes on from it." : ""));
      if (rest > 0) go();
    });
    bar.show = (code, chance, drawn) => {
      bar.code = code;
      picture.style.backgroundImage = `url(${swatch(code)})`;
      name.textContent = code;
      fill.style.width = `${100 * chance}%`;
      share.textContent = percent(chance);
      node.setAttribute("aria-pressed", String(drawn));
      node.setAttribute("aria-label", `code ${code}, ${tokenizer.words(code)}, `
        + `${percent(chance)}${drawn ? ", taken" : ""}`);
    };
    return bar;
  });
  const percent = (share) => (share > 0 && share < 0.001 ? "< 0.1 %"
    : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`);
  const name_ = (i) => place(i)[0].toUpperCase() + place(i).slice(1);

  function showChances() {
    const chances = writer.chances(seen, how);
    const order = Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a] || a - b);
    const taken = writer.tokens[seen], top = order.slice(0, BARS);
    if (taken !== undefined && !top.includes(taken)) top[BARS - 1] = taken;
    top.forEach((code, i) => bars[i].show(code, chances[code], code === taken));
    const left = 1 - top.reduce((sum, code) => sum + chances[code], 0);
    heading.textContent = `Token ${seen + 1} of ${LENGTH}: the likeliest codes`;
    rest.textContent = `The other ${128 - BARS} codes together: ${percent(Math.max(0, left))}`;
  }

  // ---- drawing ----------------------------------------------------------------------

  function decode() {
    const tokens = new Int32Array(LENGTH).fill(-1);
    tokens.set(writer.tokens);
    decoded = tokenizer.decode(tokens);
  }
  const done = () => writer.tokens.length === LENGTH;
  /** Forget place i and all after it, the reader's own codes as well. */
  function cut(i) {
    writer.back(i);
    for (const j of own.keys()) if (j >= i) own.delete(j);
  }
  function next() {
    const i = writer.tokens.length;
    writer.push(own.get(i) ?? draw(writer.chances(i, how), () => dice[i]));
  }
  function show() {
    map.refresh();
    showChances();
    const count = writer.tokens.length;
    map.canvas.node.setAttribute("aria-label",
      `The picture decoded so far: ${NAMES[writer.kind]}, ${count} of ${LENGTH} tokens drawn`);
    play.label = clock.running ? "Pause" : done() ? "Draw another" : count ? "Go on" : "Draw";
    step.disabled = done();
    redraw.disabled = seen >= count;
    clear.disabled = !count;
  }
  const finished = () => say(`The ${NAMES[writer.kind]} is finished: 49 tokens.`);
  const settled = (now) => { stage.dataset.settled = now ? "yes" : "no"; };  // for whoever waits
  function stepOnce() {
    seen = writer.tokens.length;
    next();
    decode();
    show();
    const code = writer.tokens[seen];
    if (done()) {
      clock.stop();
      finished();
    } else if (!clock.running) {
      say(`${name_(seen)}: code ${code}, ${tokenizer.words(code)}, drawn with a chance of `
        + `${percent(writer.chances(seen, how)[code])}.`);
    }
  }
  /** Stop whatever is going on; a redrawing that is cut short leaves what it has. */
  function halt() {
    clock.stop();
    settled(true);
    turn++;
    if (!redrawing) return;
    redrawing = false;
    seen = Math.min(seen, writer.tokens.length);
    decode();
  }
  function fresh() {
    throwDice();
    cut(0);
    seen = waited = 0;
    decode();
  }
  /** Go on drawing, at the chosen pace. */
  function go() {
    if (still || pace.value === "all") rush();
    else clock.start();
  }
  /** Draw the rest without a pause, in pieces, and show only the end. */
  const rush = (follow = true) => drawRest(follow).catch((error) => fault(stage, error));
  async function drawRest(follow) {
    const mine = ++turn;
    settled(false);
    while (!done()) {
      const start = performance.now();
      while (!done() && performance.now() - start < PIECE) next();
      await breath();
      if (mine !== turn) return;
    }
    redrawing = false;
    if (follow) seen = LENGTH - 1;
    decode();
    show();
    settled(true);
    if (follow) finished();
  }
  /** Temperature or guidance changed: with the same dice, what comes of a finished picture? */
  function anew() {
    if (!done() && !redrawing) {
      showChances();
      return;
    }
    redrawing = true;
    writer.back(0);
    rush(false);
  }

  const clock = loop(map.node, (passed) => {
    waited += passed;
    const pause = 1000 / Number(pace.value);
    if (waited < pause) return;
    waited = Math.min(waited - pause, pause);
    stepOnce();
  }, (running) => {
    settled(!running);
    show();
  });

  const play = button({label: "Draw", main: true, onClick() {
    if (clock.running) {
      clock.stop();
      return;
    }
    if (done()) {
      fresh();
      show();
    }
    go();
  }});
  const step = button({label: "Step", onClick() {
    halt();
    if (!done()) stepOnce();
  }});
  const redraw = button({label: "Redraw from here", onClick() {
    halt();
    cut(seen);
    throwDice(seen);
    decode();
    show();
    go();
  }});
  const clear = button({label: "Clear", onClick() {
    halt();
    fresh();
    show();
    say("Nothing is drawn.");
  }});
  const kinds = choice({label: "Class", value: 9, onChange(kind) {
    const running = clock.running;
    halt();
    writer.start(kind);
    fresh();
    show();
    if (running) clock.start();
    else say(`Class ${NAMES[kind]}: these are the chances of its first token.`);
  }, options: NAMES.map((label, value) => ({value, label}))});
  const pace = choice({label: "Tokens a second", value: "16",
    options: [{value: "2", label: "2"}, {value: "6", label: "6"}, {value: "16", label: "16"},
      {value: "all", label: "at once"}], onChange(value) {
      if (value !== "all" || !clock.running) return;
      clock.stop();
      rush();
    }});
  const temperature = slider({label: "Temperature", min: 0, max: 2, step: 0.05, value: TEMPERATURE,
    format: (v) => (v ? v.toFixed(2) : "0: the likeliest"), onInput(value) {
      how.temperature = value;
      anew();
    }});
  const scale = slider({label: "Guidance scale", min: 0, max: 5, step: 0.25, value: SCALE,
    format: (v) => v.toFixed(2), onInput(value) {
      how.scale = value;
      anew();
    }});

  view.append(kinds.node, map.node, group("", play.node, step.node, redraw.node, clear.node),
    told(stage));
  controls.append(el("div", {}, heading, el("ul", {class: "next-token-list"},
    ...bars.map((bar) => el("li", {}, bar.node))), rest), numbers.node,
  temperature.node, scale.node, ...(still ? [] : [pace.node]));
  fresh();
  show();
  stage.querySelector(".live-say").textContent = `The model writes a ${NAMES[writer.kind]}, 49 `
    + "tokens one after the other. Press a place to see the chances that it had there.";
  go();  // once by itself: an empty grid shows nothing of what it does
  return {stop() {
    halt();
    clock.end();
    map.stop();
  }};
}
