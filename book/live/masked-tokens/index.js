// Chapter 17: a picture uncovered in a few steps, and a hole mended by the same model.

import {load} from "../lib/weights.js";
import {Transformer} from "../lib/nn.js";
import {freshSeed, uniform} from "../lib/random.js";
import {el, panel, group, button, choice, fault, slider, toggle, colours, loop, paintImage,
  reducedMotion} from "../lib/frame.js";
import {STYLE, address, board, breath, note, place, thumbs, told} from "../tokens/board.js";
import {LENGTH, NAMES, PIXELS, SIDE, Tokenizer} from "../tokens/tokenizer.js";
import {HIDDEN, SCALE, STEPS, fill, finish, left, look, settle} from "./strokes.js";

export {Tokenizer, Transformer, fill, finish, left, look, settle};

export const open = async (base, progress) => load(`${base}model.bin`, progress);

/** Milliseconds that one step takes, with guidance, and a whole drawing in 8; the best of three. */
export async function speed(base) {
  const model = new Transformer(await open(base));
  const empty = new Int32Array(LENGTH).fill(HIDDEN);
  const best = (act) => Math.min(...[0, 1, 2].map(() => {
    const start = performance.now();
    act();
    return performance.now() - start;
  }));
  return {step: best(() => finish(look(model, empty, 0, SCALE))),
    drawing: best(() => fill(model, empty, 0))};
}

const OWN = `
.masked-tokens-plan { display: flex; align-items: flex-end; gap: 2px; height: 3.4rem; }
.masked-tokens-plan > span { flex: 1; max-width: 2.2rem; min-width: 1px; background: var(--live-line); border-radius: 2px 2px 0 0; font-size: 0.75rem; position: relative; forced-color-adjust: none; }
.masked-tokens-plan > span.masked-tokens-past { background: var(--live-generated); }
.masked-tokens-plan > span[data-count]::before { content: attr(data-count); position: absolute; top: -1.25rem; left: 0; right: 0; text-align: center; color: var(--pst-color-text-muted); forced-color-adjust: auto; }
.tokens-tall .live-main { min-width: 6.6rem; } /* its word changes: the others stay in place */
.masked-tokens-plan-box { padding-top: 1.2rem; }
`;

export async function mount(stage, {base, progress}) {
  const file = await open(base, progress);
  const tokenizer = new Tokenizer(file), model = new Transformer(file);
  const still = reducedMotion();
  const clothes = file.facts.kinds.map((kind, i) => {
    const tokens = Int32Array.from(file.tensors.clothes.subarray(i * LENGTH, (i + 1) * LENGTH));
    const source = address(tokenizer.decode(tokens).map((v) => 127.5 * (v + 1)), PIXELS);
    return {kind, tokens, source, label: `a real ${NAMES[kind]}`,
      value: i};
  });

  const empty = () => new Int32Array(LENGTH).fill(HIDDEN);
  let tokens = empty();    // the settled ones; HIDDEN where none is
  let guesses = null;      // what the last step guessed, at all places
  let kept = empty();      // what stood before a tile was hidden, to bring it back
  let settled = new Set(); // places of the last step
  let run = null;          // {atStart, step, steps, from} of the filling that is going on
  let finished = null;     // the tokens from which the last filling started, for another one
  let decoded = null, random = uniform(freshSeed()), waited = 0, turn = 0, busy = false;
  let hiding = true, touched = false;

  const {view, controls, say} = panel(stage, {label: "A picture uncovered step by step"});
  stage.append(el("style", {text: STYLE + OWN}));
  stage.firstChild.classList.add("tokens-tall");

  const hiddenCount = () => tokens.reduce((sum, token) => sum + (token === HIDDEN), 0);
  const numbers = toggle({label: "Show the tokens", onChange: () => map.refresh()});
  const map = board({label: "Picture, 49 places", drag: true, name: "",
    look(i) {
      const hidden = tokens[i] === HIDDEN;
      const text = !hidden && numbers.value ? String(tokens[i]) : "";
      const {ground, ink} = text ? tokenizer.colour(tokens[i]) : {};
      const guess = hidden && guesses ? `, guessed ${tokenizer.words(guesses[i])}` : "";
      return {text, ground, ink, ring: settled.has(i), label: `${place(i)}: ${hidden
        ? `hidden${guess}` : `code ${tokens[i]}, ${tokenizer.words(tokens[i])}`}`};
    },
    draw(context, w) {
      const c = colours(), side = w / SIDE;
      paintImage(context, decoded, PIXELS, PIXELS, 1, 0, 0, w);
      for (let i = 0; i < LENGTH; i++) {
        if (tokens[i] !== HIDDEN) continue;
        const [x, y] = [i % SIDE * side, Math.floor(i / SIDE) * side];
        context.globalAlpha = guesses ? 0.7 : 1;  // guesses shine through faintly
        context.fillStyle = c.line;
        context.fillRect(x, y, side, side);
        context.globalAlpha = 1;
        context.strokeStyle = c.surface;
        context.lineWidth = 1;
        context.strokeRect(x + 0.5, y + 0.5, side - 1, side - 1);
      }
    },
    press(i, first) {
      halt();
      if (first) hiding = tokens[i] !== HIDDEN;
      if (hiding === (tokens[i] === HIDDEN)) return;
      if (hiding) {
        kept[i] = tokens[i];
        tokens[i] = HIDDEN;
      } else if (kept[i] !== HIDDEN) {
        tokens[i] = kept[i];
      } else {
        return;
      }
      touched = true;
      forget();
      show();
    },
    done() {
      const count = hiddenCount();
      if (touched) say(`${count} of 49 places are hidden.${count ? " Fill lets the model mend them."
        : ""}`);
      else say("Nothing stood here that could come back: let the model fill it.");
      touched = false;
    }});

  /** The reader changed what is settled: the filling that was going on is over. */
  function forget() {
    run = guesses = finished = null;
    settled = new Set();
    start.value = null;
  }

  // ---- the steps ----------------------------------------------------------------------

  const plan = el("div", {class: "masked-tokens-plan", role: "img"});
  const planName = note("");
  function showPlan() {
    const steps = run?.steps ?? Number(count.value);
    const from = run?.atStart ?? (hiddenCount() || LENGTH);
    const sizes = [];
    for (let step = 1, hidden = from; step <= steps && hidden > 0; step++) {
      const stay = Math.max(0, Math.min(left(from, step, steps), hidden - 1));
      sizes.push(hidden - stay);
      hidden = stay;
    }
    const most = Math.max(...sizes), step = run?.step ?? 0;
    plan.replaceChildren(...sizes.map((size, i) => {
      const bar = el("span", {class: i < step ? "masked-tokens-past" : null,
        "data-count": sizes.length <= 16 ? size : null});
      bar.style.height = `${100 * size / most}%`;
      return bar;
    }));
    planName.textContent = sizes.length > 1
      ? `Tokens settled in each of ${sizes.length} steps` : "All tokens settled in one step";
    plan.setAttribute("aria-label", `${planName.textContent}: ${sizes.join(", ")}; ${step} done`);
  }
  function decode() {
    decoded = tokenizer.decode(guesses ?? tokens);
  }
  function show() {
    decode();
    map.refresh();
    showPlan();
    const count = hiddenCount();
    map.canvas.node.setAttribute("aria-label", `The picture decoded so far: ${LENGTH - count} of `
      + `${LENGTH} tokens settled${guesses && count ? ", the others guessed" : ""}`);
    play.label = clock.running ? "Pause" : count ? (run ? "Go on" : "Fill")
      : finished ? "Fill again" : "Fill";
    play.disabled = !count && !finished;
    step.disabled = !count;
    hideAll.disabled = count === LENGTH && !guesses;
  }
  const rest = (now) => { stage.dataset.settled = now ? "yes" : "no"; };  // for whoever waits
  function halt() {
    clock.stop();
    rest(true);
    turn++;
    busy = false;
  }
  function begin() {
    run = {atStart: hiddenCount(), step: 0, steps: Number(count.value), from: tokens.slice()};
    guesses = null;
    settled = new Set();
  }
  /** One step, in pieces; true unless something else happened meanwhile. */
  async function stroke() {
    const mine = ++turn;
    busy = true;
    if (!run) begin();
    const work = look(model, tokens, kind(), scale.value);
    let part = work.next();
    while (!part.done) {
      await breath();
      if (mine !== turn) return false;
      part = work.next();
    }
    run.step++;
    const made = settle(part.value, tokens, {...run, random, temperature: temperature.value,
      noise: first.value === "chance" ? null : 0});
    tokens = made.next;
    guesses = made.guesses;
    settled = new Set(made.settled);
    busy = false;
    if (!hiddenCount()) {
      finished = run.from;
      settled = new Set();
      run.step = run.steps;
    }
    return true;
  }
  function report() {
    const count = hiddenCount();
    say(count ? `Step ${run.step} of ${run.steps}: ${LENGTH - count} of 49 tokens are settled.`
      : "All 49 tokens are settled.");
  }
  const safely = (act) => () => act().catch((error) => fault(stage, error));
  const stepOnce = safely(async () => {
    if (!await stroke()) return;
    if (!hiddenCount()) clock.stop();
    show();
    report();
  });
  const rush = safely(async () => {
    rest(false);
    do {
      if (!await stroke()) return;
      await breath();
    } while (hiddenCount());
    show();
    rest(true);
    report();
  });
  const clock = loop(map.node, (passed) => {
    waited += passed;
    if (busy || waited < Math.min(900, Math.max(120, 6000 / run.steps))) return;
    waited = 0;
    stepOnce();
  }, (running) => {
    rest(!running);
    show();
  });

  // ---- the controls -------------------------------------------------------------------

  const play = button({label: "Fill", main: true, onClick() {
    if (clock.running) {
      clock.stop();
      return;
    }
    halt();
    if (!hiddenCount()) {
      tokens = finished.slice();
      random = uniform(freshSeed());
      run = null;
    }
    fillAll();
  }});
  function fillAll() {
    if (!run) begin();
    waited = Infinity;
    if (still) rush();
    else clock.start();
  }
  const step = button({label: "Step", onClick() {
    halt();
    stepOnce();
  }});
  const hideAll = button({label: "Hide all", onClick() {
    halt();
    if (guesses || hiddenCount() < LENGTH) tokens.forEach((token, i) => {
      if (token !== HIDDEN) kept[i] = token;
    });
    tokens = empty();
    forget();
    show();
    say("All 49 places are hidden.");
  }});
  const hole = button({label: "Hide the middle", onClick() {
    halt();
    tokens.forEach((token, i) => {
      const [r, c] = [Math.floor(i / SIDE), i % SIDE];
      if (r < 2 || r > 4 || c < 2 || c > 4 || token === HIDDEN) return;
      kept[i] = token;
      tokens[i] = HIDDEN;
    });
    forget();
    show();
    say(`${hiddenCount()} of 49 places are hidden. Fill lets the model mend them.`);
  }});
  const kinds = choice({label: "Class", value: 9, onChange: restart, options: [
    ...NAMES.map((label, value) => ({value, label})), {value: -1, label: "none"}]});
  const kind = () => (kinds.value < 0 ? null : kinds.value);
  const start = thumbs({legend: "Start from a real piece", value: null,
    options: clothes, onChange(i) {
      halt();
      tokens = clothes[i].tokens.slice();
      kept = empty();
      forget();
      start.value = i;
      kinds.value = -1;
      show();
      say(`${clothes[i].label}, as its tokens. Press or drag over it to hide places; the class is `
        + "not told.");
    }});
  const count = choice({label: "Steps", value: String(STEPS), onChange: restart,
    options: ["1", "2", "4", "8", "16", "49"].map((value) => ({value, label: value}))});
  const first = choice({label: "Which places are settled first", value: "chance",
    options: [{value: "chance", label: "by chance"}, {value: "sure", label: "the surest"}]});
  const temperature = slider({label: "Temperature", min: 0, max: 2, step: 0.05, value: 1,
    format: (v) => (v ? v.toFixed(2) : "0: the likeliest")});
  const scale = slider({label: "Guidance scale", min: 0, max: 5, step: 0.25, value: SCALE,
    format: (v) => v.toFixed(2)});

  /** Class or number of steps changed: back to where the last filling started. */
  function restart() {
    halt();
    const from = run?.from ?? finished;
    if (from) tokens = from.slice();
    forget();
    show();
  }

  view.append(kinds.node, map.node,
    note("Veiled: guessed, and guessed again. Orange frame: settled in the last step."),
    group("", play.node, step.node, hideAll.node, hole.node), told(stage));
  const wide = stage.clientWidth > 600;
  controls.append(count.node,
    el("div", {}, planName, el("div", {class: "masked-tokens-plan-box"}, plan)), start.node,
    el("details", {class: "tokens-more", open: wide}, el("summary", {text: "More"}),
      el("div", {}, el("div", {}, first.node,
        note("With the surest first, the pieces of a class come out alike.")),
      temperature.node, scale.node, numbers.node)));
  show();
  stage.querySelector(".live-say").textContent = "All 49 places were hidden. The model guesses "
    + "them all at once, keeps a few guesses, and guesses the others again.";
  fillAll();  // once by itself: an empty grid shows nothing of what it does
  return {stop() {
    halt();
    clock.end();
    map.stop();
  }};
}
