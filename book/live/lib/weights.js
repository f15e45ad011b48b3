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

const PATIENCE = 8;  // seconds without a byte, after which the reader is told

/** The CRC-32 of bytes, as zlib counts it. It is to find accidents, not attacks: page and files
 *  come from one host. And crypto.subtle is missing where a page comes by plain http. */
export function crc32(bytes) {
  const table = Uint32Array.from({length: 256}, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let sum = -1;
  for (let i = 0; i < bytes.length; i++) sum = (sum >>> 8) ^ table[(sum ^ bytes[i]) & 255];
  return ~sum >>> 0;
}

/** Fetch the bytes of one of the figure's files. They are used only if they are those that the
 *  figure was built with: tools/live.py writes FILES = {"NAME/FILE": [bytes, CRC-32]} into every
 *  bundle. Others (a cache may keep the last release's) are asked for once more, past all caches.
 *  An error says in one sentence what is wrong, and of `what`; `onShare` hears 0 to 1. */
export async function fetchBytes(url, what, onShare = () => {}) {
  const place = new URL(url, document.baseURI).pathname.split("/").slice(-2).join("/");
  const [size, sum] = FILES[place];
  let bytes = null;
  for (const cache of ["default", "reload"]) {
    bytes = await ask(url, {what, cache, size, onShare});
    if (bytes.length === size && crc32(bytes) === sum) return bytes.buffer;
  }
  const web = /^\s*</.test(new TextDecoder().decode(bytes.subarray(0, 99)));
  const why = !bytes.length ? "is empty" : web ? "is a web page"
    : bytes.length < size ? "breaks off" : "is another file";
  throw new Error(`The file of ${what} is damaged (it ${why}): reload the page and try again.`);
}

/** What a request brings, at most `size` bytes and a piece more. */
async function ask(url, {what, cache, size, onShare}) {
  const control = new AbortController();
  let timer = null, begun = false, at = 0;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(), 1000 * PATIENCE);
  };
  try {
    wait();
    const response = await fetch(url, {cache, signal: control.signal});
    if (!response.ok) {
      throw new Error(`The ${what} could not be fetched (the site answered ${response.status}): `
        + "reload the page and try again.");
    }
    begun = true;
    const parts = [];
    for (const reader = response.body.getReader(); at <= size;) {
      wait();
      const {done, value} = await reader.read();
      if (done) break;
      parts.push(value);
      at += value.length;
      onShare(Math.min(1, at / size));
    }
    const bytes = new Uint8Array(at);
    at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  } catch (error) {
    if (control.signal.aborted) {
      throw new Error(`The ${what} did not come for ${PATIENCE} seconds: is there a connection? `
        + "Try again.");
    }
    if (error.constructor === Error) throw error;
    throw new Error(begun ? `The file of ${what} broke off: try again.`
      : `The ${what} could not be fetched: is there a connection? Try again.`);
  } finally {
    clearTimeout(timer);
    control.abort();  // what is left of a file that is too long
  }
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
