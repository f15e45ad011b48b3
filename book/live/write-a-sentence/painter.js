// Sentences to pictures: what chapter 18 calls spell, paint and decode, for one model.
//
// A row of tokens is 22 places for words (the rest of them blank), one token for the paper, and
// for each of 6 x 6 patches a mask and an ink. Numbers: masks, inks, papers, words, the blank.

import {load} from "../lib/weights.js";
import {Transformer, argmax, draw, softmax} from "../lib/nn.js";
import {uniform} from "../lib/random.js";
import {WORDS, words} from "./grammar.js";

export const PLACES = 22;
export const SIDE = 24;
const PATCH = 4, ACROSS = SIDE / PATCH;
export const LENGTH = 1 + 2 * ACROSS ** 2;  // tokens of a picture

/** A painter from what lib/weights.js read. */
export class Painter {
  constructor(file) {
    this.facts = file.facts;
    this.model = new Transformer(file);
    this.books = Object.fromEntries(
      ["masks", "inks", "papers"].map((part) => [part, file.tensors[`code.${part}`]]));
    this.masks = this.books.masks.length / PATCH ** 2;
    this.inks = this.books.inks.length / 3;
    this.papers = this.books.papers.length / 3;
    this.codes = this.masks + this.inks + this.papers;
    this.blank = this.codes + WORDS.length;
    if (this.model.vocabulary !== this.blank + 1) {
      throw new Error("The weights and the words of this figure do not belong together.");
    }
    this.nothing = null;  // keys and values of the blank caption, made when first needed
  }

  /** The word tokens of a sentence; an error says in one sentence what is wrong with it. */
  spell(sentence) {
    const found = words(sentence);
    if (!found.length || found.length > PLACES) {
      throw new Error(`A sentence must have 1 to ${PLACES} words, not ${found.length}.`);
    }
    return Array.from({length: PLACES}, (_, i) =>
      (i < found.length ? this.codes + WORDS.indexOf(found[i]) : this.blank));
  }

  /** What token `token` at place `place` of the picture stands for, as `decode` reads it. */
  meaning(place, token) {
    const clip = (value, count) => Math.max(0, Math.min(count - 1, value));
    if (place === 0) {
      return {part: "paper", index: clip(token - this.masks - this.inks, this.papers)};
    }
    return place % 2 ? {part: "mask", index: clip(token, this.masks)}
      : {part: "ink", index: clip(token - this.masks, this.inks)};
  }

  /** Entry `index` of a codebook: 16 shares of a mask, or 3 numbers of an ink or a paper. */
  entry(part, index) {
    const size = part === "mask" ? PATCH ** 2 : 3;
    return this.books[`${part}s`].subarray(index * size, index * size + size);
  }

  /** The picture (24, 24, 3) of picture tokens; patches without tokens yet are left at `paper`. */
  decode(tokens) {
    const out = new Float32Array(SIDE * SIDE * 3);
    const read = (place) => {
      const {part, index} = this.meaning(place, tokens[place]);
      return this.entry(part, index);
    };
    if (!tokens.length) return out;
    const paper = read(0);
    for (let p = 0; p < ACROSS ** 2; p++) {
      const done = 2 * p + 2 < tokens.length;
      const mask = done ? read(2 * p + 1) : null, ink = done ? read(2 * p + 2) : null;
      const top = Math.floor(p / ACROSS) * PATCH, left = (p % ACROSS) * PATCH;
      for (let i = 0; i < PATCH ** 2; i++) {
        const at = ((top + Math.floor(i / PATCH)) * SIDE + left + i % PATCH) * 3;
        const share = done ? mask[i] : 0;
        for (let k = 0; k < 3; k++) {
          out[at + k] = share * (done ? ink[k] : 0) + (1 - share) * paper[k];
        }
      }
    }
    return out;
  }

  /** Paint `count` pictures of word tokens side by side, in small pieces: a generator that yields
   *  "piece" after each little work and "token" when every picture has got one more. `rows` are
   *  the pictures' tokens; they grow. Temperature 0 takes the likeliest token. */
  * paint(prompt, {count = 1, scale = 1, temperature = 1, seed = 0, rows = []} = {}) {
    const {model, codes} = this;
    const read = function* (tokens) {  // a few words at a time, so that no piece is long
      const cache = model.start();
      let logits = null;
      for (let at = 0; at < tokens.length; at += 6) {
        logits = model.run(tokens.slice(at, at + 6), {cache, lastOnly: true});
        yield "piece";
      }
      return {cache, logits};
    };
    const guided = scale !== 1;
    if (guided) this.nothing ??= yield* read(Array(PLACES).fill(this.blank));
    const told = yield* read(prompt);
    const samples = [];
    for (let i = 0; i < count; i++) {
      samples.push([told, ...(guided ? [this.nothing] : [])].map(({cache, logits}) =>
        ({cache: Transformer.copy(cache), logits})));
      rows[i] = [];
    }
    const randoms = rows.map((_, i) => uniform(seed * 4 + i));
    for (let step = 0; step < LENGTH; step++) {
      for (let i = 0; i < count; i++) {
        const [towards, away] = samples[i];
        if (step) {
          const last = [rows[i][step - 1]];
          for (const sample of samples[i]) {
            sample.logits = model.run(last, {cache: sample.cache, lastOnly: true});
          }
        }
        const logits = Float64Array.from({length: codes}, (_, k) => {  // words are not drawn
          const c = towards.logits[k], u = away ? away.logits[k] : c;
          return u + scale * (c - u);
        });
        rows[i].push(temperature ? draw(softmax(logits, temperature), randoms[i])
          : argmax(logits));
        yield "piece";
      }
      yield "token";
    }
  }

  /** The same at one go, for tests: the rows of tokens. */
  all(sentence, options = {}) {
    const rows = [];
    for (const step of this.paint(this.spell(sentence), {...options, rows})) void step;
    return rows;
  }
}

/** Fetch the model and its code. */
export async function painter(base, progress) {
  return new Painter(await load(`${base}model.bin`, progress));
}
