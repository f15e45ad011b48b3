// Weights and other arrays as weights.py wrote them, in the format of safetensors: the header's
// length (8 bytes, little endian), the header in JSON, then the numbers of one array after another.
// The header is {name: {dtype, shape, data_offsets: [from, to]}} and, under __metadata__, {facts}.

const TYPES = {F32: Float32Array, F16: Uint16Array, I32: Int32Array, U8: Uint8Array};

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
  const first = 8 + Number(new DataView(buffer).getBigUint64(0, true));
  const {__metadata__, ...entries} = JSON.parse(
    new TextDecoder().decode(new Uint8Array(buffer, 8, first - 8)));
  const tensors = {}, shapes = {};
  for (const [name, {dtype, shape, data_offsets: [from, to]}] of Object.entries(entries)) {
    const size = shape.reduce((a, b) => a * b, 1), Type = TYPES[dtype];
    if (size * Type.BYTES_PER_ELEMENT !== to - from) throw new Error("not of its shape");
    const array = new Type(buffer, first + from, size);
    shapes[name] = shape;
    if (dtype === "F16") {
      halves ??= Float32Array.from({length: 65536}, (_, bits) => half(bits));
      tensors[name] = Float32Array.from(array, (bits) => halves[bits]);
    } else {
      tensors[name] = array;
    }
  }
  return {facts: JSON.parse(__metadata__.facts), tensors, shapes};
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

/** The bytes that a file of gzip holds; an error says in one sentence what is wrong. */
export async function unzip(buffer, what = "weights") {
  if (typeof DecompressionStream === "undefined") {  // Safari before 16.4, Firefox before 113
    throw new Error(`This browser is too old and cannot read the file of ${what}.`);
  }
  try {
    const bytes = new Response(buffer).body.pipeThrough(new DecompressionStream("gzip"));
    return await new Response(bytes).arrayBuffer();
  } catch {  // cut short, or its check sum does not fit
    throw new Error(`The file of ${what} is damaged or is something else.`);
  }
}
