// Image GPT of chapter 16: a class, then 49 tokens, each drawn from chances that the model gives
// after all before it. Two caches, one with the class and one without, make the guidance.

import {Transformer, argmax, softmax} from "../lib/nn.js";
import {LENGTH} from "../tokens/tokenizer.js";

export const CODES = 128, FIRST = 128, NONE = 138;  // 128 to 137 name a class, 138 names none
export const SCALE = 1.5, TEMPERATURE = 1;          // where the chapter says nothing else

export class Writer {
  /** `file` is what lib/weights.js loaded; the class is a number from 0 to 9. */
  constructor(file, kind = 0) {
    this.model = new Transformer(file);
    this.start(kind);
  }

  /** An empty picture of a class. */
  start(kind) {
    this.kind = kind;
    this.tokens = [];
    this.caches = [this.model.start(), this.model.start()];
    this.logits = [];  // of every place up to the next: [with the class, without]
    this.read([FIRST + kind], [NONE]);
  }

  read(...rows) {
    this.logits.push(rows.map((row, i) => this.model.run(row, {cache: this.caches[i],
      lastOnly: true}).slice(0, CODES)));
  }

  /** Set the next token, and read it, so that the chances after it are known. */
  push(code) {
    this.tokens.push(code);
    if (this.tokens.length < LENGTH) this.read([code], [code]);
  }

  /** Forget the token at place i and all after it. */
  back(i) {
    if (i >= this.tokens.length) return;
    this.tokens.length = i;
    this.logits.length = i + 1;
    for (const cache of this.caches) cache.length = i + 1;  // what lies beyond is overwritten
  }

  /** Logits at place i, led by the class: u + scale (c - u). */
  guided(i, scale = SCALE) {
    const [towards, away] = this.logits[i];
    return away.map((u, k) => u + scale * (towards[k] - u));
  }

  /** The chances of the 128 codes at place i; temperature 0 takes the likeliest. */
  chances(i, {scale = SCALE, temperature = TEMPERATURE} = {}) {
    const logits = this.guided(i, scale);
    if (temperature > 0) return softmax(logits, temperature);
    const sure = new Float64Array(CODES);
    sure[argmax(logits)] = 1;
    return sure;
  }
}

/** The likeliest token at each place: what helpers.transformer.sample gives at temperature 0. */
export function greedy(writer, kind, scale) {
  writer.start(kind);
  while (writer.tokens.length < LENGTH) {
    writer.push(argmax(writer.guided(writer.tokens.length, scale)));
  }
  return writer.tokens.slice();
}
