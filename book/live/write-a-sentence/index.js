// Write a sentence and get pictures: the text-to-image model of chapter 18, in the page.
//
// grammar.js knows the sentences, painter.js the model, judge.js what a picture shows. Here they
// get their place on the page. Painting goes in pieces between frames, so that the page lives.

import {button, canvas, choice, colours, el, loop, paintImage, panel, reducedMotion, share, slider}
  from "../lib/frame.js";
import {freshSeed} from "../lib/random.js";
import {COLOURS, WORDS, follow, further, near, neverShown, parse, split} from "./grammar.js";
import {judge} from "./judge.js";
import {LENGTH, PLACES, SIDE, painter} from "./painter.js";
import {STYLE} from "./style.js";

export {follow, further, near, neverShown, parse, split, words, WORDS} from "./grammar.js";
export {judge, meets, read} from "./judge.js";
export {Painter, painter} from "./painter.js";

const EXAMPLES = [
  {label: "one object", sentence: "a small pink cross"},
  {label: "a relation", sentence: "a small white cross right of a big green circle"},
  {label: "three objects", sentence: "two red circles and a white cross"},
  {label: "never shown", sentence: "a yellow circle above a blue triangle"},
];
const ACROSS = 6;  // patches
const PACE = 1300;  // milliseconds for a picture to appear, where the machine is fast enough

/** Diagonal lines over the patches from `first` on: they have no tokens yet. */
function hatch(context, w, h, first, ink) {
  const cell = w / ACROSS, row = Math.floor(first / ACROSS), column = first % ACROSS;
  context.save();
  context.beginPath();
  context.rect(column * cell, row * cell, w - column * cell, cell);
  context.rect(0, (row + 1) * cell, w, h);
  context.clip();
  context.strokeStyle = ink;
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = -h; x < w; x += cell / 4) {
    context.moveTo(x, h);
    context.lineTo(x + h, 0);
  }
  context.stroke();
  context.restore();
}

/** A mask as pixels of one ink over what is there. */
function paintMask(context, mask, x, y, size, ink) {
  const pixel = size / 4;
  context.save();
  context.fillStyle = ink;
  mask.forEach((share, i) => {
    context.globalAlpha = share;
    context.fillRect(x + (i % 4) * pixel, y + Math.floor(i / 4) * pixel, pixel, pixel);
  });
  context.restore();
}

const css = (colour) => `rgb(${[...colour].map((v) => Math.round((v + 1) * 127.5)).join(" ")})`;
const percent = (share) => `${(100 * share).toFixed(1)} %`;

export async function mount(stage, {base, progress}) {
  const model = await painter(base, progress);
  const {facts} = model;
  stage.append(el("style", {text: STYLE}));
  const {view, controls, say} = panel(stage, {label: "Write a sentence and get pictures"});
  const body = view.parentElement;
  view.append(stage.querySelector(".live-say"));  // the judge's word belongs under the pictures
  const boards = [];  // one {node, canvas, caption} for each picture
  const now = {seed: 1, rows: [], fresh: [], shown: 0, step: 0, sentence: "", asked: "",
    request: null, work: null, elapsed: 0, paced: true};
  let later = null;

  // ---- the sentence -------------------------------------------------------------------------

  const input = el("textarea", {rows: "1", autocomplete: "off",
    autocapitalize: "none", spellcheck: "false", enterkeyhint: "go", maxlength: "400",
    "aria-label": "Your sentence", placeholder: "Write, or tap words",
    "aria-describedby": "write-a-sentence-hint", oninput: () => attend(),
    onkeydown: (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      submit();
      if (matchMedia("(pointer: coarse)").matches) input.blur();  // else keys hide the pictures
    }});
  const fit = () => {  // as many lines as the sentence needs: on a phone one is too short
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  };
  const resized = new ResizeObserver(fit);
  input.value = "two red circles and a white cross";
  const go = el("button", {type: "submit", class: "live-button live-main", text: "Paint"});
  const submit = () => paint({again: input.value === now.asked && now.shown === LENGTH});
  const form = el("form", {class: "write-a-sentence-form", onsubmit: (event) => {
    event.preventDefault();
    submit();
  }}, input, go);
  const hint = el("p", {class: "write-a-sentence-hint", id: "write-a-sentence-hint"});
  const every = el("details", {class: "write-a-sentence-fold"},
    el("summary", {text: `All ${WORDS.length} words`}), el("p", {text: WORDS.join(", ")}));
  const lead = el("span", {class: "write-a-sentence-lead"});
  const chips = el("div", {class: "write-a-sentence-row write-a-sentence-chips", role: "toolbar",
    "aria-label": "Words for the sentence"});
  const examples = el("div", {class: "write-a-sentence-row", role: "group",
    "aria-label": "Examples"}, el("span", {class: "write-a-sentence-lead", text: "Examples"}),
  ...EXAMPLES.map(({label, sentence}) => el("button", {type: "button",
    class: "write-a-sentence-chip", text: label, title: sentence, onclick: () => {
      input.value = sentence;
      attend();
      paint();
    }})));
  body.prepend(el("div", {class: "write-a-sentence-top"}, examples, form, chips, hint));

  /** The words before the one that is wanted, what may come there, and what it would replace. */
  function wanted() {
    const found = split(input.value);
    const {good, next} = follow(found);
    if (good === found.length) return {before: found, next, tail: [], replaced: null};
    const typed = found[good];
    const last = good === found.length - 1;
    const fitting = last ? next.filter((word) => word.startsWith(typed)) : [];
    return {before: found.slice(0, good), next: fitting.length ? fitting : next,
      tail: found.slice(good + 1), replaced: fitting.length ? null : typed};
  }

  function attend() {
    const {before, next, tail, replaced} = wanted();
    const all = split(input.value);
    const held = chips.contains(document.activeElement);
    const take = (words) => {
      input.value = words.length ? `${words.join(" ")} ` : "";
      attend();
    };
    const chip = (label, name, words) => {
      const node = el("button", {type: "button", class: "write-a-sentence-chip", tabindex: "-1",
        "aria-label": name, onmousedown: (event) => event.preventDefault(),
        onclick: () => take(words)}, label);
      return node;
    };
    const nodes = next.map((word) => {
      const more = tail.length ? [word] : further(before, word);
      const node = chip(more.join(" "), null, [...before, ...more, ...tail]);
      if (COLOURS[word]) node.prepend(el("i", {style: `background: rgb(${COLOURS[word]})`}));
      return node;
    });
    if (all.length) nodes.push(chip("⌫", "Remove the last word", all.slice(0, -1)));
    lead.textContent = replaced !== null && next.length ? `In place of “${replaced}”`
      : next.length ? "Next word" : "The sentence is whole";
    chips.replaceChildren(lead, ...nodes);
    nodes[0]?.setAttribute("tabindex", "0");
    if (held) (nodes[0] ?? input).focus();
    fit();
    input.removeAttribute("aria-invalid");
    hint.textContent = "";
    every.remove();
    try {
      const never = neverShown(parse(input.value), facts.held);
      if (never.length) hint.textContent = `Never shown in training: ${never.join(", ")}.`;
    } catch (error) {  // a sentence that is merely not finished is no fault
      const other = WORDS.includes(replaced) && !error.message.includes(`“${replaced}”`);
      if (other) {  // an unknown word comes later: first the one for which the chips stand
        hint.textContent = `The word “${replaced}” does not fit here.`;
      } else if (replaced !== null) {
        hint.textContent = complain(error);
      }
    }
    if (held) say(all.length ? `“${all.join(" ")}”` : "No words.");
  }

  /** Tell what is wrong with a sentence; of a word that it has not, which one may be meant. */
  function complain(error) {
    const {unknown} = error;
    if (unknown === undefined) return error.message;
    hint.after(every);
    const meant = near(unknown, wanted().next);
    return `I do not know “${unknown}”.${meant ? ` Did you mean ${meant}?` : ""}`;
  }

  chips.addEventListener("keydown", (event) => {
    const nodes = [...chips.querySelectorAll("button")];
    const at = nodes.indexOf(document.activeElement);
    const to = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1,
      Home: 0, End: nodes.length - 1}[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    const next = nodes[(to + nodes.length) % nodes.length];
    nodes[at].setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });

  // ---- the pictures -------------------------------------------------------------------------

  const whose = el("p", {class: "write-a-sentence-whose"});  // also while another one is written
  const samples = el("div", {class: "write-a-sentence-samples"});
  view.prepend(whose, samples);

  function drawSample(i, context, w, h) {
    const c = colours();
    const tokens = (now.rows[i] ?? []).slice(0, now.shown);
    const done = Math.max(0, (tokens.length - 1) >> 1), cell = w / ACROSS;
    context.fillStyle = c.surface;
    context.fillRect(0, 0, w, h);
    if (tokens.length) paintImage(context, model.decode(tokens), SIDE, SIDE, 3, 0, 0, w, h);
    if (done < ACROSS ** 2) {
      hatch(context, w, h, done, tokens.length ? c.reference : c.line);
      if (tokens.length) {
        const x = (done % ACROSS) * cell, y = Math.floor(done / ACROSS) * cell;
        if (tokens.length % 2 === 0) {  // a mask that waits for its ink
          const mask = model.entry("mask", model.meaning(tokens.length - 1, tokens[tokens.length - 1]).index);
          paintMask(context, mask, x, y, cell, c.muted);
        }
        context.strokeStyle = c.generated;
        context.lineWidth = 2;
        context.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
      }
    }
    context.strokeStyle = c.line;
    context.lineWidth = 1;
    context.strokeRect(0.5, 0.5, w - 1, h - 1);
  }

  function layOut(count) {
    while (boards.length > count) {
      const board = boards.pop();
      board.canvas.stop();
      board.node.remove();
    }
    while (boards.length < count) {
      const i = boards.length;
      const board = canvas({width: 272, label: "", draw: (...to) => drawSample(i, ...to)});
      const caption = el("figcaption");
      const node = el("figure", {}, board.node, caption);
      samples.append(node);
      boards.push({canvas: board, caption, node});
    }
    samples.dataset.count = String(count);
  }

  /** What each picture is, in words, for those who do not see it and under it for all. */
  function label(verdicts) {
    boards.forEach(({canvas: board, caption}, i) => {
      const verdict = verdicts?.[i];
      const name = now.sentence ? `Picture ${i + 1} of ${boards.length} for “${now.sentence}”`
        : `Picture ${i + 1} of ${boards.length}, not painted yet`;
      const state = !now.sentence ? "" : now.step < LENGTH ? ", not finished"
        : verdict ? `: ${verdict.obeys ? "it obeys" : `it does not obey, ${verdict.why}`}` : "";
      board.node.setAttribute("aria-label", name + state);
      caption.textContent = verdict ? `${verdict.obeys ? "✓" : "✗"} ${verdict.why}` : "";
      caption.dataset.obeys = String(Boolean(verdict?.obeys));
    });
  }

  const redraw = () => {
    boards.forEach((board) => board.canvas.redraw());
    strip.redraw();
  };

  // ---- painting -----------------------------------------------------------------------------

  function paint({text = input.value, again = false, paced = true} = {}) {
    clearTimeout(later);
    let prompt;
    try {
      prompt = model.spell(text);
    } catch (error) {
      input.setAttribute("aria-invalid", "true");
      hint.textContent = complain(error);
      say(`Nothing was painted. ${hint.textContent}`);
      return;
    }
    if (again) now.seed = freshSeed() % 1e6;
    try {
      now.request = parse(text);
    } catch (error) {  // known words in an order that the grammar does not have: chapter 18 too
      now.request = null;  // paints these, and leaves them unjudged
      if (text === input.value) hint.textContent = error.message;
    }
    Object.assign(now, {sentence: split(text).join(" "), asked: text, fresh: [],
      step: 0, elapsed: 0, paced: paced && !reducedMotion()});
    if (now.paced) show(0);  // else what is there stays until the new pictures are whole
    layOut(Number(count.value));
    now.work = model.paint(prompt, {count: boards.length, scale: scale.value,
      temperature: temperature.value, seed: now.seed, rows: now.fresh});
    samples.toggleAttribute("data-stale", !now.paced && now.shown > 0);
    label();
    tellWords(prompt);
    const never = now.request ? neverShown(now.request, facts.held) : [];
    say(`Painting “${now.sentence}” …${
      never.length ? ` Never shown in training: ${never.join(", ")}.` : ""}`);
    redraw();
    painting.start();
  }

  /** Show the first `step` tokens of the pictures that are being painted. */
  function show(step) {
    now.rows = now.fresh;
    now.shown = step;
    whose.textContent = `“${now.sentence}”`;
    token.value = step;
    redraw();
  }

  function tick(passed) {
    const end = performance.now() + share(passed);
    now.elapsed += passed;
    const due = now.paced ? Math.ceil(now.elapsed / PACE * LENGTH) : LENGTH;
    let more = true;
    while (more && now.step < due && performance.now() < end) {
      const {value, done} = now.work.next();
      if (value === "token") now.step += 1;
      more = !done && now.step < LENGTH;
    }
    if (now.paced || now.step === LENGTH) show(now.step);
    if (now.step === LENGTH) finish();
  }

  function finish() {
    painting.stop();
    const verdicts = now.request
      ? now.rows.map((row) => judge(model.decode(row), now.request)) : null;
    label(verdicts);
    const obeyed = verdicts?.filter((verdict) => verdict.obeys).length;
    const word = verdicts
      ? `${obeyed} of ${verdicts.length} ${obeyed === 1 ? "obeys" : "obey"} “${now.sentence}”.`
      : "The model paints any row of its words; whether these obey nobody can say.";
    const same = temperature.value === 0 && boards.length > 1
      ? " At temperature 0 all samples are one." : "";
    say(word + same);
  }

  const painting = loop(stage, tick, (running) => {
    stage.dataset.settled = running ? "no" : "yes";  // for whoever waits
    if (!running) samples.removeAttribute("data-stale");
    again.label = running ? "Stop" : "Again";
    token.input.disabled = running;
  });

  const again = button({label: "Again", title: "Paint with other random numbers",
    onClick: () => {
      if (!painting.running) return paint({again: Boolean(now.sentence)});
      painting.stop();
      show(now.step);
      say(`Stopped after ${now.step} of ${LENGTH} tokens.`);
    }});

  /** A knob was turned: the same sentence and seed once more, so that only the knob differs. */
  const turned = (wait) => {
    clearTimeout(later);
    if (now.sentence) later = setTimeout(() => paint({text: now.asked, paced: false}), wait);
    else layOut(Number(count.value));
    label();
  };
  const count = choice({label: "Samples", value: "4", onChange: () => turned(0),
    options: ["1", "2", "4"].map((value) => ({value, label: value}))});
  const scale = slider({label: "Guidance scale", min: 1, max: 4, step: 0.25, value: facts.scale,
    format: (v) => (v === 1 ? "1, no guidance" : String(v)), onInput: () => turned(150)});
  const temperature = slider({label: "Temperature", min: 0, max: 1.5, step: 0.05,
    value: facts.temperature, format: (v) => (v === 0 ? "0, the likeliest" : v.toFixed(2)),
    onInput: () => turned(150)});
  controls.append(count.node, scale.node, temperature.node,
    el("div", {class: "live-row"}, again.node));

  // ---- folds: the row of tokens, and what the model has learnt -------------------------------

  const said = el("p", {class: "write-a-sentence-words"});
  function tellWords(prompt) {
    const found = prompt.filter((number) => number !== model.blank).length;
    said.replaceChildren(...now.sentence.split(" ").map((word) => el("span", {text: word})));
    if (found < PLACES) {
      said.append(el("span", {class: "write-a-sentence-blank", text: `blank × ${PLACES - found}`}));
    }
  }

  const COLUMNS = 2 * ACROSS + 1;  // the paper, then mask and ink of six patches
  const strip = canvas({width: 26 * COLUMNS, ratio: COLUMNS / ACROSS,
    label: "The tokens of the first picture: a background, then six rows of masks and inks",
    draw(context, w, h) {
      const c = colours(), cell = w / COLUMNS, size = cell * 0.74, pad = (cell - size) / 2;
      const row = now.rows[0] ?? [];
      for (let place = 0; place < LENGTH; place++) {
        const k = place - 1;
        const column = place ? 1 + k % (2 * ACROSS) : 0;  // a mask and its ink stand close
        const x = column * cell + pad + (place && k % 2 ? -pad : pad / 2);
        const y = (place ? Math.floor(k / (2 * ACROSS)) : 0) * cell + pad;
        if (place < now.shown) {
          const {part, index} = model.meaning(place, row[place]);
          const entry = model.entry(part, index);
          context.fillStyle = part === "mask" ? c.paper : css(entry);
          context.fillRect(x, y, size, size);
          if (part === "mask") paintMask(context, entry, x, y, size, c.ink);
        }
        const present = place === Math.min(now.shown, LENGTH) - 1;
        context.strokeStyle = present ? c.generated : c.line;
        context.lineWidth = present ? 3 : 1;
        context.strokeRect(x, y, size, size);
      }
    }});
  const token = slider({label: "Token", min: 0, max: LENGTH, step: 1, value: 0,
    format: (v) => {
      const row = now.rows[0];
      if (!v || !row || row.length < v) return `0 of ${LENGTH}`;
      const {part, index} = model.meaning(v - 1, row[v - 1]);
      const patch = (v - 2) >> 1;
      const where = v === 1 ? "background" : `${part} ${index + 1}, `
        + `row ${Math.floor(patch / ACROSS) + 1}, column ${patch % ACROSS + 1}`;
      return `${v} of ${LENGTH}: ${where}`;
    },
    onInput: (v) => {
      now.shown = Math.min(v, now.step);
      if (v > now.step) token.value = now.step;
      redraw();
    }});
  const fold = (title, ...inside) => el("details", {class: "write-a-sentence-fold"},
    el("summary", {text: title}), ...inside);
  body.append(el("section", {class: "write-a-sentence-folds"},
    fold("How it works here",
      el("p", {text: `The words stand first, then ${LENGTH} tokens: one for the background, then `
        + "a mask and an ink for each patch, from the top. Each token is drawn from the chances "
        + "that the model sees after all tokens before it. With guidance a second row runs "
        + "along, its words blanked; the scale leads away from it. An empty mask shows nothing of "
        + "its ink."}),
      el("div", {class: "write-a-sentence-how"}, el("div", {}, said, token.node), strip.node)),
    fold("What it has learnt, and what not",
      el("p", {text: `${facts.weights.toLocaleString("en")} weights, trained in chapter 18 on ${
        facts.scenes.toLocaleString("en")} drawn scenes with one to three objects. It knows 44 `
        + "words, and of the world nothing else. Some pairs, relations and colours of a shape "
        + "were held out of all scenes. Where training named two different objects and no "
        + "third, it said how they stand: leave that out, and see."}),
      el("table", {class: "live-numbers"},
        el("caption", {text: `Captions obeyed, of ${facts.asked} of each sort, guidance scale ${
          facts.scale}, temperature ${facts.temperature}`}),
        ...[["seen, 1", "one object"], ["seen, 2", "two objects"], ["seen, 3", "three objects"],
          ["pairs, 2", "two that never met"],
          ["colour x shape, 1", "one, colour never on that shape"],
          ["relations, 2", "two in a relation never seen"]].map(([sort, name]) => el("tr", {},
          el("th", {scope: "row", text: name}),
          el("td", {text: percent(facts.obeyed[sort])})))))));

  layOut(4);
  label();
  resized.observe(form);
  attend();
  paint();  // once by itself: empty frames show nothing of what it does
  return {stop() {
    clearTimeout(later);
    painting.end();
    resized.disconnect();
    strip.stop();
    boards.forEach((board) => board.canvas.stop());
  }};
}

/** Milliseconds that `count` pictures of a sentence take without any drawing, for reports. */
export async function speed(base, count = 1, sentence = "two red circles and a white cross") {
  const model = await painter(base);
  model.all(sentence, {count: 1, scale: model.facts.scale});
  const began = performance.now();
  model.all(sentence, {count, scale: model.facts.scale, temperature: model.facts.temperature});
  return performance.now() - began;
}
