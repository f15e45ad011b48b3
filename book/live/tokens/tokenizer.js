// The tokenizer of chapter 15 in the page: pictures to 49 tokens, and tokens to pictures.

import {chain} from "../lib/weights.js";
import {runChain} from "../lib/nn.js";

export const SIDE = 7, LENGTH = 49, PIXELS = 28, PATCH = 4;
export const NAMES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt",
  "sneaker", "bag", "boot"];

export class Tokenizer {
  /** `file` is what lib/weights.js loaded of a file that tools/live_weights.py packed. */
  constructor(file) {
    const decoder = chain(file, "decoder");
    this.table = decoder[0].table;
    this.dim = decoder[0].shape[1];
    this.codes = decoder[0].shape[0];
    this.decoder = decoder.slice(1);
    this.encoder = file.facts.encoder ? chain(file, "encoder") : null;
    this.colours = file.tensors.colours;
    this.swatches = file.tensors.swatches;
    const light = (code) => this.swatch(code).reduce((sum, value) => sum + value, 0);
    this.order = Array.from({length: this.codes}, (_, code) => code)
      .sort((a, b) => light(a) - light(b) || a - b);
    this.rank = [];
    this.order.forEach((code, place) => { this.rank[code] = place; });
  }

  /** What a code paints on average, (4, 4) from 0 to 255. */
  swatch(code) {
    return this.swatches.subarray(code * PATCH * PATCH, (code + 1) * PATCH * PATCH);
  }

  /** A picture (28, 28) in [-1, 1] of 49 tokens. Where one is negative, nothing: the decoder gets
   *  zeros there, as it does beyond the border. */
  decode(tokens) {
    const vectors = new Float32Array(LENGTH * this.dim);
    for (let i = 0; i < LENGTH; i++) {
      if (tokens[i] < 0) continue;
      vectors.set(this.table.subarray(tokens[i] * this.dim, (tokens[i] + 1) * this.dim),
        i * this.dim);
    }
    return runChain(this.decoder, vectors, [SIDE, SIDE, this.dim]).data;
  }

  /** The 49 tokens of a picture (28, 28) in [-1, 1]: the nearest code of each vector. */
  encode(picture) {
    const vectors = runChain(this.encoder, picture, [PIXELS, PIXELS, 1]).data;
    const norms = Array.from({length: this.codes}, (_, code) => {
      let sum = 0;
      for (let k = 0; k < this.dim; k++) sum += this.table[code * this.dim + k] ** 2;
      return sum;
    });
    return Int32Array.from({length: LENGTH}, (_, i) => {
      let best = 0, least = Infinity;
      for (let code = 0; code < this.codes; code++) {
        let product = 0;
        for (let k = 0; k < this.dim; k++) {
          product += vectors[i * this.dim + k] * this.table[code * this.dim + k];
        }
        const distance = norms[code] - 2 * product;
        if (distance < least) [best, least] = [code, distance];
      }
      return best;
    });
  }

  /** The colour of a code's tile, and black or white, whichever reads better on it. */
  colour(code) {
    const [r, g, b] = this.colours.subarray(3 * code, 3 * code + 3);
    const linear = (v) => (v <= 10 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);  // sRGB
    const light = 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    return {ground: `rgb(${r},${g},${b})`, ink: light > 0.179 ? "#000" : "#fff"};
  }

  /** A code in words, by what it paints. */
  words(code) {
    const patch = this.swatch(code);
    const mean = patch.reduce((a, b) => a + b, 0) / patch.length;
    const spread = Math.sqrt(patch.reduce((a, b) => a + (b - mean) ** 2, 0) / patch.length);
    const grey = ["black", "dark grey", "grey", "light grey", "white"][Math.min(4,
      Math.floor(mean / 51.2))];
    return spread > 40 ? `${grey}, with an edge` : grey;
  }
}
