// The two painters of hidden patches: the masked autoencoder of chapter 14, and the mean of the
// training pictures that are most alike in the patches that are left.
//
// A picture is 784 bytes, row by row, a mask 49 booleans, true where a patch is hidden. What is
// painted is 784 numbers, row by row, -1 black and 1 white, beyond them where a network means so.

import {Transformer, layerNorm, matmul} from "../lib/nn.js";
import {LENGTH, PATCH, PIXELS, SIDE} from "../tokens/tokenizer.js";

export const AREA = PATCH * PATCH;  // pixels of a patch
export const NEAR = 10;             // neighbours, as in the chapter

/** Where pixel k of patch i stands in its picture: PLACE[AREA * i + k]. */
export const PLACE = Int32Array.from({length: LENGTH * AREA}, (_, at) => {
  const i = Math.floor(at / AREA), k = at % AREA;
  const row = PATCH * Math.floor(i / SIDE) + Math.floor(k / PATCH);
  return row * PIXELS + PATCH * (i % SIDE) + k % PATCH;
});

/** The numbers of all patches for which `wanted(i)` holds, as they stand in a picture. */
const pixelsOf = (wanted) => PLACE.filter((_, at) => wanted(Math.floor(at / AREA)));

/** A picture's bytes as numbers from -1 to 1. */
export const numbers = (picture) => Float32Array.from(picture, (byte) => byte / 127.5 - 1);

/** The masked autoencoder. `file` is what lib/weights.js read. */
export class Network {
  constructor({facts, tensors}) {
    this.tensors = tensors;
    this.dim = facts.encoder.dim;
    const part = (name) => new Transformer({facts: {...facts[name], length: LENGTH},
      tensors: Object.fromEntries(Object.entries(tensors).filter(([key]) => key.startsWith(name))
        .map(([key, array]) => [key.slice(name.length + 1), array]))});
    this.encoder = part("encoder");
    this.decoder = part("decoder");
  }

  /** What it paints at all 49 places of a picture, of which it sees those that are not hidden. */
  paint(picture, mask) {
    const {dim, tensors: t} = this, pixels = numbers(picture);
    const seen = Array.from(mask.keys()).filter((i) => !mask[i]);
    const patches = new Float32Array(seen.length * AREA);
    seen.forEach((i, row) => {
      for (let k = 0; k < AREA; k++) patches[row * AREA + k] = pixels[PLACE[i * AREA + k]];
    });
    const x = matmul(patches, t["embed.kernel"], seen.length, AREA, dim, t["embed.bias"]);
    addPlaces(x, seen, t["embed.positions"], dim);
    const codes = this.through("encoder", x);

    // The decoder gets the codes at their places and zeros with a flag of 1 at the hidden ones.
    const known = new Float32Array(LENGTH * (dim + 1));
    mask.forEach((hidden, i) => { known[i * (dim + 1) + dim] = hidden ? 1 : 0; });
    seen.forEach((i, row) => known.set(codes.subarray(row * dim, (row + 1) * dim), i * (dim + 1)));
    const y = matmul(known, t["known.kernel"], LENGTH, dim + 1, dim, t["known.bias"]);
    addPlaces(y, [...mask.keys()], t["decoder.positions"], dim);
    const painted = matmul(this.through("decoder", y), t["pixels.kernel"], LENGTH, dim, AREA,
      t["pixels.bias"]);
    const out = new Float32Array(PLACE.length);
    PLACE.forEach((to, at) => { out[to] = painted[at]; });
    return out;
  }

  through(part, x) {
    return layerNorm(this[part].attend(x), this.dim, this.tensors[`${part}.norm.gain`],
      this.tensors[`${part}.norm.shift`]);
  }
}

function addPlaces(x, places, table, dim) {
  places.forEach((place, row) => {
    for (let j = 0; j < dim; j++) x[row * dim + j] += table[place * dim + j];
  });
}

/** The training pictures, one after another in `bytes`. */
export class Shelf {
  constructor(bytes) {
    this.bytes = bytes;
    this.count = bytes.length / PLACE.length;
  }

  picture(n) {
    return this.bytes.subarray(n * PLACE.length, (n + 1) * PLACE.length);
  }

  /** The nearest by squared distance over what is not hidden, nearest first, of equally near ones
   *  the earlier. Where nothing is left all are equally near, and all are taken. */
  nearest(picture, mask, count = NEAR) {
    const seen = pixelsOf((i) => !mask[i]);
    const order = Array.from({length: this.count}, (_, n) => n);
    if (!seen.length) return order;
    const distance = order.map((n) => {
      const from = n * PLACE.length;
      let sum = 0;
      for (let k = 0; k < seen.length; k++) {
        const difference = this.bytes[from + seen[k]] - picture[seen[k]];
        sum += difference * difference;
      }
      return sum;
    });
    return order.sort((a, b) => distance[a] - distance[b] || a - b).slice(0, count);
  }

  /** The mean of the pictures with these numbers. */
  mean(chosen) {
    const sum = new Float32Array(PLACE.length);
    for (const n of chosen) this.picture(n).forEach((byte, k) => { sum[k] += byte; });
    return sum.map((total) => total / chosen.length / 127.5 - 1);
  }
}

/** The mean squared error over the hidden patches, as the chapter has it; NaN if none is hidden. */
export function error(painted, picture, mask) {
  const truth = numbers(picture), hidden = pixelsOf((i) => mask[i]);
  return hidden.reduce((sum, k) => sum + (painted[k] - truth[k]) ** 2, 0) / hidden.length;
}

/** The picture with what was painted in place of its hidden patches. */
export function filled(painted, picture, mask) {
  const whole = numbers(picture);
  for (const k of pixelsOf((i) => mask[i])) whole[k] = painted[k];
  return whole;
}

/** Masks that a button gives, by name; `random()` is uniform in [0, 1). */
export const MASKS = {
  random: (random, hidden) => {
    const order = Array.from({length: LENGTH}, (_, i) => i);
    for (let i = LENGTH - 1; i > 0; i--) {  // Fisher and Yates
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    const mask = new Array(LENGTH).fill(false);
    for (const i of order.slice(0, hidden)) mask[i] = true;
    return mask;
  },
  half: () => by((row) => row >= 3),
  checkerboard: () => by((row, column) => (row + column) % 2 === 1),
  corners: () => by((row, column) => row % (SIDE - 1) !== 0 || column % (SIDE - 1) !== 0),
  none: () => by(() => false),
};

function by(rule) {
  return Array.from({length: LENGTH}, (_, i) => rule(Math.floor(i / SIDE), i % SIDE));
}
