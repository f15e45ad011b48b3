// The drawing of chapter 17: guess all hidden tokens at once, settle some, guess the rest again.

import {argmax, draw, softmax} from "../lib/nn.js";
import {LENGTH} from "../tokens/tokenizer.js";

export const CODES = 128, FIRST = 128, NONE = 138, MASK = 139;
export const HIDDEN = -1;                // stands for MASK in a list of 49 tokens
export const STEPS = 8, SCALE = 1.5;     // where the chapter says nothing else

/** What the model reads: the class, from 0 to 9 or null for none, then the tokens. */
const row = (tokens, kind) => [kind === null ? NONE : FIRST + kind,
  ...Array.from(tokens, (token) => (token === HIDDEN ? MASK : token))];

/** Logits (49, 128) of the tokens at all places, led by the class: u + scale (c - u). Two passes,
 *  so a generator: the page may breathe between them. */
export function* look(model, tokens, kind, scale) {
  const pass = (of) => {
    const all = model.run(row(tokens, of));
    const out = new Float32Array(LENGTH * CODES);
    for (let i = 0; i < LENGTH; i++) {
      out.set(all.subarray((i + 1) * model.vocabulary, (i + 1) * model.vocabulary + CODES),
        i * CODES);
    }
    return out;
  };
  const away = pass(null);
  if (kind === null || scale === 0) return away;
  yield;
  const towards = pass(kind);
  return away.map((u, k) => u + scale * (towards[k] - u));
}

/** How many places stay hidden after `step` of `steps`, if `count` were at the start. */
export const left = (count, step, steps) =>
  Math.floor(count * Math.cos(Math.PI / 2 * step / steps) + 1e-9);

/** One step. `guesses` are the tokens drawn at the hidden places, the settled elsewhere; `next` is
 *  what stays, with the others hidden again. `noise` is how much chance has a part in which are
 *  settled first, null: all of it; `order`, a list of places, takes the place of both: for tests.
 *  At temperature 0 the guesses are the likeliest tokens. */
export function settle(logits, tokens, {atStart, step, steps, noise = null, temperature = 1,
  random = Math.random, order = null}) {
  const guesses = Int32Array.from(tokens), sure = new Float64Array(LENGTH).fill(Infinity);
  const gumbel = () => -Math.log(-Math.log(Math.max(random(), 1e-12)));
  const hidden = [];
  for (let i = 0; i < LENGTH; i++) {
    if (tokens[i] !== HIDDEN) continue;
    hidden.push(i);
    const chances = softmax(logits.subarray(i * CODES, (i + 1) * CODES), temperature || 1);
    guesses[i] = temperature ? draw(chances, random) : argmax(chances);
    if (order) sure[i] = -order.indexOf(i);
    else if (noise === null) sure[i] = gumbel();
    else sure[i] = Math.log(chances[guesses[i]])
      + (noise ? noise * (1 - step / steps) * gumbel() : 0);
  }
  const stay = Math.min(left(atStart, step, steps), hidden.length - 1);  // at least one is settled
  const next = Int32Array.from(guesses);
  hidden.sort((a, b) => sure[a] - sure[b] || a - b).slice(0, Math.max(0, stay))
    .forEach((i) => { next[i] = HIDDEN; });
  return {guesses, next, settled: hidden.filter((i) => next[i] !== HIDDEN)};
}

/** Run a generator to its end at once. */
export function finish(run) {
  for (;;) {
    const {done, value} = run.next();
    if (done) return value;
  }
}

/** Fill all hidden places in so many steps, without a pause: for tests and for measuring. */
export function fill(model, tokens, kind, {steps = STEPS, scale = SCALE, ...how} = {}) {
  let now = Int32Array.from(tokens);
  const atStart = now.reduce((sum, token) => sum + (token === HIDDEN), 0);
  for (let step = 1; step <= steps && now.includes(HIDDEN); step++) {
    const logits = finish(look(model, now, kind, scale));
    now = settle(logits, now, {atStart, step, steps, ...how}).next;
  }
  return now;
}
