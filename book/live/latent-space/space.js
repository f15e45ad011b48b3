// What the figure computes: the generator, places in its latent space, ways between them.

import {load, chain} from "../lib/weights.js";
import {runChain} from "../lib/nn.js";

/** Fetch everything: {generate(latent) -> picture (28 x 28 in [-1, 1]), anchors, directions};
 *  anchors are ten latents, one a digit, directions eight, all of length 1. */
export async function fetchSpace(base, progress) {
  const file = await load(`${base}generator.bin`, progress);
  const layers = chain(file);
  const rows = (name) => {
    const [count, size] = file.shapes[name];
    return Array.from({length: count},
      (_, i) => file.tensors[name].slice(i * size, (i + 1) * size));
  };
  return {generate: (latent) => runChain(layers, latent, [latent.length]).data,
    anchors: rows("anchors"), directions: rows("directions")};
}

/** The chapter's trained generator: latent (64) to picture (28, 28, 1). */
export async function generator(base, progress) {
  return (await fetchSpace(base, progress)).generate;
}

export const length = (a) => Math.hypot(...a);
export const scaled = (a, by) => Float32Array.from(a, (v) => v * by);

/** The latent of length `long` that lies from `start` (length 1) `steps` along `directions`. */
export function place(start, directions, steps, long) {
  const sum = Float64Array.from(start);
  directions.forEach((direction, i) => {
    if (steps[i]) direction.forEach((v, k) => { sum[k] += steps[i] * v; });
  });
  return scaled(sum, long / (length(sum) || 1));
}

/** Straight from a to b. */
export const straight = (a, b, t) => Float32Array.from(a, (v, i) => (1 - t) * v + t * b[i]);

/** Along the great circle, as chapter 04 has it; straight where no circle is meant (a and b in one
 *  line, or one of them zero). */
export function slerp(a, b, t) {
  const cosine = a.reduce((sum, v, i) => sum + v * b[i], 0) / (length(a) * length(b));
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
  const sine = Math.sin(angle);
  if (!(sine > 1e-4)) return straight(a, b, t);
  const wa = Math.sin((1 - t) * angle) / sine, wb = Math.sin(t * angle) / sine;
  return Float32Array.from(a, (v, i) => wa * v + wb * b[i]);
}

/** How far a picture leans to the right, in degrees, and its share of white. */
export function measure(picture, side = 28) {
  let total = 0, row = 0, column = 0;
  for (let i = 0; i < picture.length; i++) {
    const ink = (picture[i] + 1) / 2;
    total += ink;
    row += ink * Math.floor(i / side);
    column += ink * (i % side);
  }
  row /= total;
  column /= total;
  let both = 0, down = 0;
  for (let i = 0; i < picture.length; i++) {
    const ink = (picture[i] + 1) / 2, dy = Math.floor(i / side) - row;
    both += ink * dy * (i % side - column);
    down += ink * dy * dy;
  }
  return {lean: Math.atan2(-both, down) * 180 / Math.PI, ink: total / picture.length};
}

/** Milliseconds a picture, over `count` of them. */
export function speed(generate, size, count = 50) {
  const latent = new Float32Array(size).fill(0.5);
  generate(latent);
  const began = performance.now();
  for (let i = 0; i < count; i++) generate(latent);
  return (performance.now() - began) / count;
}
