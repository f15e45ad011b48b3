// The exact judge of helpers/shapes.py and helpers/captions.py, for pictures of 24 x 24 pixels:
// `read` turns a picture back into its scene or refuses, `meets` says which demands it meets.

import {BACKGROUNDS, COLOURS, MOST, SHAPES} from "./grammar.js";

const SIDE = 24;
const SIZES = [["large", 7], ["small", 5]];
const GROUNDS = Object.keys(BACKGROUNDS);
const NAMES = [...GROUNDS, ...Object.keys(COLOURS)];
const PALETTE = NAMES.map((name) =>
  (BACKGROUNDS[name] ?? COLOURS[name]).map((value) => value / 127.5 - 1));

/** Whether a shape covers a pixel of a square with `side` pixels a side. */
function covers(shape, side, row, column) {
  const middle = (side - 1) / 2, down = row - middle, right = column - middle;
  if (shape === "square") return true;
  if (shape === "circle") return down ** 2 + right ** 2 <= middle ** 2 + 1.5;
  if (shape === "triangle") return Math.abs(right) <= Math.floor((down + middle + 1) / 2);
  return Math.abs(down) <= Math.floor(side / 9) || Math.abs(right) <= Math.floor(side / 9);
}

/** The colour nearest to each pixel, as a place in NAMES, and which pixels are far from all. */
function nearest(picture) {
  const index = new Uint8Array(SIDE * SIDE), unclear = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < index.length; i++) {
    let best = Infinity;
    PALETTE.forEach((colour, k) => {
      const away = Math.hypot(...colour.map((value, c) => picture[3 * i + c] - value));
      if (away < best) {
        best = away;
        index[i] = k;
      }
    });
    unclear[i] = best > 0.4 ? 1 : 0;
  }
  return {index, unclear};
}

/** Connected patches of one colour (corners connect), each the list of its pixels. */
function patches(index, colour) {
  const seen = new Uint8Array(index.length), found = [];
  for (let start = 0; start < index.length; start++) {
    if (index[start] !== colour || seen[start]) continue;
    const pixels = [start];
    seen[start] = 1;
    for (let i = 0; i < pixels.length; i++) {
      const row = Math.floor(pixels[i] / SIDE), column = pixels[i] % SIDE;
      for (let r = Math.max(0, row - 1); r <= Math.min(SIDE - 1, row + 1); r++) {
        for (let c = Math.max(0, column - 1); c <= Math.min(SIDE - 1, column + 1); c++) {
          const at = r * SIDE + c;
          if (index[at] !== colour || seen[at]) continue;
          seen[at] = 1;
          pixels.push(at);
        }
      }
    }
    found.push(pixels);
  }
  return found;
}

/** The object that a patch of one colour is, or null. */
function nameOf(pixels, unclear, colour) {
  const rows = pixels.map((at) => Math.floor(at / SIDE)), columns = pixels.map((at) => at % SIDE);
  const top = Math.min(...rows), left = Math.min(...columns);
  const high = Math.max(...rows) - top + 1, wide = Math.max(...columns) - left + 1;
  const [size, side] = SIZES.find(([, length]) => high === length && wide === length) ?? [];
  if (!size) return null;
  const filled = new Set(pixels);
  let shape = null, least = Infinity;
  for (const name of SHAPES) {
    let wrong = 0;
    for (let r = 0; r < side; r++) {
      for (let c = 0; c < side; c++) {
        const at = (top + r) * SIDE + left + c;
        if (unclear[at] || covers(name, side, r, c) !== filled.has(at)) wrong += 1;
      }
    }
    if (wrong < least) [shape, least] = [name, wrong];
  }
  if (least > (size === "large" ? 2 : 1)) return null;
  const middle = (side - 1) / 2;
  return {shape, colour, size, row: top + middle, col: left + middle};
}

/** The scene {objects, background} that a picture (24, 24, 3) in [-1, 1] shows, or null. */
export function read(picture) {
  const {index, unclear} = nearest(picture);
  const total = index.length, counts = NAMES.map(() => 0);
  index.forEach((k) => { counts[k] += 1; });
  if (unclear.reduce((a, b) => a + b) / total > 0.02) return null;
  const grounds = counts.slice(0, GROUNDS.length);
  const background = grounds.indexOf(Math.max(...grounds));
  const others = grounds.reduce((a, b) => a + b) - grounds[background];
  if (others > 0.01 * total) return null;
  const objects = [];
  for (let k = GROUNDS.length; k < NAMES.length; k++) {
    for (const pixels of patches(index, k)) {
      const object = nameOf(pixels, unclear, NAMES[k]);
      if (!object) return null;
      objects.push(object);
    }
  }
  if (!objects.length || objects.length > MOST) return null;
  objects.sort((a, b) => a.row - b.row || a.col - b.col);
  return {objects, background: GROUNDS[background]};
}

/** How `first` stands to `second`: the larger distance decides; null where they are equal. */
function relation(first, second) {
  const down = first.row - second.row, right = first.col - second.col;
  if (Math.abs(down) === Math.abs(right)) return null;
  if (Math.abs(right) > Math.abs(down)) return right < 0 ? "left" : "right";
  return down < 0 ? "above" : "below";
}

const orders = (items) => (items.length < 2 ? [items] : items.flatMap((item, i) =>
  orders([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest])));

/** Which attributes of a request a scene meets, and whether all at once, as Python's `meets`. */
export function meets(scene, request) {
  const met = Object.fromEntries(
    ["count", "shape", "colour", "size", "relation", "background", "all"].map((n) => [n, false]));
  if (!scene) return met;
  const wanted = request.demands.flatMap((d) => Array(d.count).fill(d));
  met.background = request.background === null || request.background === scene.background;
  met.count = scene.objects.length === wanted.length;
  const ways = met.count ? orders(scene.objects) : [];
  const fits = (order, ...names) => wanted.every((d, i) =>
    names.every((name) => d[name] === null || d[name] === order[i][name]));
  const stands = (order) => request.relation === null
    || (order.length > 1 && relation(order[0], order[1]) === request.relation);
  met.shape = ways.some((order) => fits(order, "shape"));
  met.colour = ways.some((order) => fits(order, "colour"));
  const joined = ways.filter((order) => fits(order, "shape", "colour"));
  met.size = (joined.length ? joined : ways).some((order) => fits(order, "size"));
  met.relation = request.relation === null || joined.some(stands);
  met.all = met.background && joined.some((order) => stands(order) && fits(order, "size"));
  return met;
}

/** {obeys, why}: whether a picture obeys a request, and in a few words what is wrong if not. */
export function judge(picture, request) {
  const scene = read(picture);
  const met = meets(scene, request);
  if (met.all) return {obeys: true, why: "obeys"};
  if (!scene) return {obeys: false, why: "no clear scene"};
  const wanted = request.demands.reduce((sum, {count}) => sum + count, 0);
  const there = scene.objects.length;
  if (!met.count) {
    return {obeys: false, why: `${there} ${there === 1 ? "object" : "objects"}, not ${wanted}`};
  }
  if (!met.background) return {obeys: false, why: `${scene.background} background`};
  if (!met.shape) return {obeys: false, why: "other shapes"};
  if (!met.colour) return {obeys: false, why: "other colours"};
  if (!met.size) return {obeys: false, why: "another size"};
  const joined = meets(scene, {...request, relation: null}).all;
  return {obeys: false, why: joined && !met.relation ? "stand otherwise" : "joined otherwise"};
}
