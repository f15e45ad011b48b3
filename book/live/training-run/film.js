// The two films: their numbers, their pictures, and what can be said of a moment.

import {fetchBytes} from "../lib/weights.js";

/** Fetch both; returns {numbers, sprite}: the JSON that data.py wrote, and an ImageBitmap. */
export async function fetchFilm(base, progress = () => {}) {
  const get = (name) => fetchBytes(base + name, "pictures");
  let numbers;
  const text = new TextDecoder().decode(await get("film.json"));
  try {
    numbers = JSON.parse(text);
  } catch {
    throw new Error("The numbers of the pictures are damaged: try again.");
  }
  progress(0.1);
  const sprite = new Blob([await get("film.webp")], {type: "image/webp"});
  progress(0.9);
  try {
    return {numbers, sprite: await createImageBitmap(sprite)};
  } catch {
    throw new Error("The file of pictures is damaged, or this browser cannot read it.");
  }
}

/** Where picture `i` of sheet `frame` stands in the sprite: [left, top]. */
export function tile(numbers, frame, i) {
  const side = numbers.sheet * 28;
  return [(frame % numbers.across) * side + (i % numbers.sheet) * 28,
    Math.floor(frame / numbers.across) * side + Math.floor(i / numbers.sheet) * 28];
}

/** What is known of one recipe at stop `k`. */
export function at(reel, k) {
  const epoch = reel.epochs[k];
  return {epoch, steps: epoch * reel.steps_per_epoch, ended: reel.ends[epoch - 1],
    frechet: reel.frechet[k], precision: reel.precision[k], recall: reel.recall[k],
    d_loss: reel.d_loss[epoch - 1], g_loss: reel.g_loss[epoch - 1]};
}

/** Where one recipe passes the other: {stop, best, at}. From `stop` on it is better than the other
 *  ever gets, which is `best`, at stop `at`; null if it never is. */
export function passes(own, other) {
  const best = Math.min(...other.frechet);
  const after = own.frechet.map((_, k) => Math.max(...own.frechet.slice(k)));
  const stop = after.findIndex((worst) => worst < best);
  return stop < 0 ? null : {stop, best, at: other.frechet.indexOf(best)};
}

/** A logarithmic scale from [low, high] to [from, to], and back. */
export function logScale(low, high, from, to) {
  const wide = Math.log(high / low);
  const scale = (value) => from + (to - from) * Math.log(value / low) / wide;
  scale.back = (place) => low * Math.exp(wide * (place - from) / (to - from));
  return scale;
}

/** The stop whose second is nearest to `seconds`, as seen on a logarithmic axis. */
export function nearest(moments, seconds) {
  const apart = (moment) => Math.abs(Math.log(moment / seconds));
  return moments.reduce((best, moment, k) => (apart(moment) < apart(moments[best]) ? k : best), 0);
}
