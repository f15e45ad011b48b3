// Weights and other arrays as tools/live.py wrote them: a header in JSON, then the numbers.
//
// File: the bytes "book", the header's length (uint32, little endian), the header, padding to a
// multiple of 4, the arrays one after the other, each padded to a multiple of 4 bytes.
// The header is {facts, tensors: [{name, dtype, shape, offset}]}; offsets count from the first array.

const TYPES = {float32: Float32Array, uint8: Uint8Array, int32: Int32Array};

/** A float16, given as its 16 bits, as a number. */
export function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halves = null;  // all 65,536 of them, made when first needed

/** Read the file's bytes; returns {facts, tensors: {name: array}, shapes: {name: shape}}. `what`
 *  the file holds is told in the error, should it be damaged. */
export function read(buffer, what = "weights") {
  try {
    return parse(buffer);
  } catch {  // whichever line met the fault first
    throw new Error(`The file of ${what} is damaged or is something else.`);
  }
}

function parse(buffer) {
  const view = new DataView(buffer);
  const mark = String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (mark !== "book") throw new Error("no mark");
  const length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const first = Math.ceil((8 + length) / 4) * 4;
  const tensors = {}, shapes = {};
  for (const {name, dtype, shape, offset} of header.tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    shapes[name] = shape;
    if (dtype === "float16") {
      halves ??= Float32Array.from({length: 65536}, (_, bits) => half(bits));
      tensors[name] = Float32Array.from(new Uint16Array(buffer, first + offset, size),
        (bits) => halves[bits]);
    } else {
      tensors[name] = new TYPES[dtype](buffer, first + offset, size);
    }
  }
  return {facts: header.facts, tensors, shapes};
}

/** Fetch a file's bytes; an error says in one sentence what is wrong, and of `what`. `onShare`
 *  hears 0 to 1. */
export async function fetchBytes(url, what, onShare = () => {}) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`The ${what} could not be fetched: is there a connection? Try again.`);
  }
  if (!response.ok) {
    throw new Error(`The ${what} could not be fetched (the site answered ${response.status}).`);
  }
  const brokeOff = () => { throw new Error(`The file of ${what} broke off: try again.`); };
  const total = Number(response.headers.get("content-length")) || 0;
  if (!total || !response.body || response.headers.get("content-encoding")) {
    return response.arrayBuffer().catch(brokeOff);
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const reader = response.body.getReader(); ;) {
    const {done, value} = await reader.read().catch(brokeOff);
    if (done) break;
    if (at + value.length > total) throw new Error(`The file of ${what} is longer than was told.`);
    bytes.set(value, at);
    at += value.length;
    onShare(at / total);
  }
  if (at < total) brokeOff();
  return bytes.buffer;
}

/** Fetch such a file and read it; an error says in one sentence what is wrong. */
export async function load(url, onShare = () => {}, what = "weights") {
  return read(await fetchBytes(url, what, onShare), what);
}

/** A chain for lib/nn.js: the layers in facts.chain with their arrays put in place of the names. */
export function chain({facts, tensors, shapes}, name = "chain") {
  return facts[name].map((layer) => {
    const made = {...layer};
    for (const part of ["kernel", "bias", "gain", "shift", "table"]) {
      if (layer[part]) made[part] = tensors[layer[part]];
    }
    const main = layer.kernel ?? layer.table;
    if (main) made.shape = shapes[main];
    return made;
  });
}
