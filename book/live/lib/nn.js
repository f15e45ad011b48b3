// The arithmetic of the book's models on plain Float32Arrays, row-major, channels last as in Keras.
//
// A chain is a list of layers, each {op, ...}, that tools/live.py wrote out of a Keras model;
// `runChain` takes one picture or vector through it. `Transformer` is helpers/transformer.py.

/** out (M, N) = a (M, K) times b (K, N), plus bias (N) if given. */
export function matmul(a, b, M, K, N, bias = null, out = new Float32Array(M * N)) {
  for (let i = 0; i < M; i++) {
    const row = out.subarray(i * N, i * N + N);
    if (bias) row.set(bias);
    else row.fill(0);
    let k = 0;
    for (; k + 3 < K; k += 4) {  // four rows of b at once: fewer loads and stores of the sum
      const a0 = a[i * K + k], a1 = a[i * K + k + 1], a2 = a[i * K + k + 2], a3 = a[i * K + k + 3];
      if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue;  // common after a ReLU
      const b0 = k * N, b1 = b0 + N, b2 = b1 + N, b3 = b2 + N;
      for (let j = 0; j < N; j++) {
        row[j] += a0 * b[b0 + j] + a1 * b[b1 + j] + a2 * b[b2 + j] + a3 * b[b3 + j];
      }
    }
    for (; k < K; k++) {
      const value = a[i * K + k];
      for (let j = 0; j < N; j++) row[j] += value * b[k * N + j];
    }
  }
  return out;
}

/** The error function; Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7. */
export function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741
    + t * (-1.453152027 + t * 1.061405429))));
  const value = 1 - series * Math.exp(-x * x);
  return x < 0 ? -value : value;
}

const ACTIVATIONS = {
  linear: (x) => x,
  relu: (x) => (x > 0 ? x : 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
};

function activate(x, name) {
  if (name === "linear" || !name) return x;
  const f = ACTIVATIONS[name];
  if (!f) throw new Error(`The activation ${name} is not known here.`);
  for (let i = 0; i < x.length; i++) x[i] = f(x[i]);
  return x;
}

/** Padding before, as Keras's "same" takes it, and the size of the result. */
function same(size, kernel, stride) {
  const result = Math.ceil(size / stride);
  const total = Math.max(0, (result - 1) * stride + kernel - size);
  return [result, Math.floor(total / 2)];
}

/** Convolution of one picture x (h, w, c) with kernel (kh, kw, c, n), padding "same". */
function conv2d(x, h, w, c, layer) {
  const [kh, kw, , n] = layer.shape;
  const s = layer.strides;
  const [oh, top] = same(h, kh, s), [ow, left] = same(w, kw, s);
  const patches = new Float32Array(oh * ow * kh * kw * c);
  let at = 0;
  for (let i = 0; i < oh; i++) {
    for (let j = 0; j < ow; j++) {
      for (let u = 0; u < kh; u++) {
        const row = i * s + u - top;
        for (let v = 0; v < kw; v++, at += c) {
          const column = j * s + v - left;
          if (row < 0 || row >= h || column < 0 || column >= w) continue;
          const from = (row * w + column) * c;
          for (let k = 0; k < c; k++) patches[at + k] = x[from + k];
        }
      }
    }
  }
  return [matmul(patches, layer.kernel, oh * ow, kh * kw * c, n, layer.bias), oh, ow, n];
}

/** Transposed convolution with kernel (kh, kw, n, c), padding "same": each pixel stamps the kernel. */
export function conv2dTranspose(x, h, w, c, layer) {
  const [kh, kw, n] = layer.shape;
  const s = layer.strides;
  if (!layer.stamp) {  // (c, kh, kw, n), so that one product makes all stamps
    layer.stamp = new Float32Array(layer.kernel.length);
    for (let u = 0; u < kh * kw; u++) {
      for (let m = 0; m < n; m++) {
        for (let k = 0; k < c; k++) {
          layer.stamp[(k * kh * kw + u) * n + m] = layer.kernel[(u * n + m) * c + k];
        }
      }
    }
  }
  const stamps = matmul(x, layer.stamp, h * w, c, kh * kw * n);
  const oh = h * s, ow = w * s;
  const [, top] = same(oh, kh, s), [, left] = same(ow, kw, s);
  const out = new Float32Array(oh * ow * n);
  if (layer.bias) for (let i = 0; i < out.length; i++) out[i] = layer.bias[i % n];
  let at = 0;
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w; j++) {
      for (let u = 0; u < kh; u++) {
        const row = i * s + u - top;
        for (let v = 0; v < kw; v++, at += n) {
          const column = j * s + v - left;
          if (row < 0 || row >= oh || column < 0 || column >= ow) continue;
          const to = (row * ow + column) * n;
          for (let m = 0; m < n; m++) out[to + m] += stamps[at + m];
        }
      }
    }
  }
  return [out, oh, ow, n];
}

/** Take one input through a chain. `shape` is (d) or (h, w, c); returns {data, shape}. */
export function runChain(chain, data, shape) {
  let x = Float32Array.from(data);
  let form = [...shape];
  const kept = {};
  for (const layer of chain) {
    const c = form[form.length - 1];
    if (layer.op === "dense") {
      const rows = x.length / c;
      x = matmul(x, layer.kernel, rows, c, layer.shape[1], layer.bias);
      form[form.length - 1] = layer.shape[1];
    } else if (layer.op === "scale") {  // batch normalisation, folded
      for (let i = 0; i < x.length; i++) x[i] = x[i] * layer.gain[i % c] + layer.shift[i % c];
    } else if (layer.op === "reshape") {
      form = [...layer.target];
    } else if (layer.op === "conv" || layer.op === "convTranspose") {
      const run = layer.op === "conv" ? conv2d : conv2dTranspose;
      const [y, h, w, n] = run(x, ...form, layer);
      x = y;
      form = [h, w, n];
    } else if (layer.op === "keep") {  // the start of a residual branch
      kept[layer.name] = x.slice();
    } else if (layer.op === "add") {  // its end
      const other = kept[layer.name];
      for (let i = 0; i < x.length; i++) x[i] += other[i];
    } else if (layer.op === "codebook") {  // whole numbers (h, w) to their vectors
      const dim = layer.shape[1];
      const y = new Float32Array(x.length * dim);
      x.forEach((code, i) => y.set(layer.table.subarray(code * dim, code * dim + dim), i * dim));
      x = y;
      form = [...form, dim];
    } else if (layer.op !== "activate") {
      throw new Error(`The layer ${layer.op} is not known here.`);
    }
    activate(x, layer.activation);
  }
  return {data: x, shape: form};
}

/** Each row of x (T, dim) to mean 0 and spread 1, then scaled and shifted. */
export function layerNorm(x, dim, gain, shift, epsilon = 1e-5) {
  const out = new Float32Array(x.length);
  for (let at = 0; at < x.length; at += dim) {
    let mean = 0, square = 0;
    for (let i = 0; i < dim; i++) mean += x[at + i];
    mean /= dim;
    for (let i = 0; i < dim; i++) square += (x[at + i] - mean) ** 2;
    const scale = 1 / Math.sqrt(square / dim + epsilon);
    for (let i = 0; i < dim; i++) out[at + i] = (x[at + i] - mean) * scale * gain[i] + shift[i];
  }
  return out;
}

/** The transformer of helpers/transformer.py: one sequence, with its keys and values kept. */
export class Transformer {
  /** `file` is what lib/weights.js loaded: {facts: {dim, heads, depth, length, causal}, tensors}. */
  constructor({facts, tensors}) {
    Object.assign(this, facts);
    this.tensors = tensors;
    this.vocabulary = tensors.logits ? tensors.logits.length / this.dim : 0;  // 0: blocks alone
  }

  /** An empty cache, for a new sequence. */
  start() {
    const room = () => new Float32Array(this.length * this.dim);
    return {length: 0, blocks: Array.from({length: this.depth}, () => [room(), room()])};
  }

  /** A copy, from which another continuation can go on. */
  static copy(cache) {
    return {length: cache.length, blocks: cache.blocks.map((pair) => pair.map((a) => a.slice()))};
  }

  /** Logits (T, vocabulary) of `tokens` that follow those in `cache`, which grows; without a cache
   *  they are the whole sequence. `lastOnly` spares the logits of all but the last. */
  run(tokens, {cache = this.start(), lastOnly = false} = {}) {
    const {dim, tensors} = this;
    const T = tokens.length, before = cache.length;
    if (before + T > this.length) {
      throw new Error(`The model has ${this.length} places, not ${before + T}.`);
    }
    const x = new Float32Array(T * dim);
    for (let i = 0; i < T; i++) {
      for (let j = 0; j < dim; j++) {
        x[i * dim + j] = tensors.tokens[tokens[i] * dim + j]
          + tensors.positions[(before + i) * dim + j];
      }
    }
    this.attend(x, cache);
    const rows = lastOnly ? 1 : T;
    const last = layerNorm(x.subarray((T - rows) * dim), dim, tensors["norm.gain"],
      tensors["norm.shift"]);
    return matmul(last, tensors.logits, rows, dim, this.vocabulary);
  }

  /** Take vectors x (T, dim), which follow those in `cache`, through the blocks, in place. */
  attend(x, cache = this.start()) {
    const {dim, heads, tensors} = this;
    const T = x.length / dim, before = cache.length, all = before + T, d = dim / heads;
    for (let b = 0; b < this.depth; b++) {
      const t = (name) => tensors[`block_${b}.${name}`];
      const [keys, values] = cache.blocks[b];
      const qkv = matmul(layerNorm(x, dim, t("norm_0.gain"), t("norm_0.shift")),
        t("query_key_value"), T, dim, 3 * dim);
      for (let i = 0; i < T; i++) {
        const at = i * 3 * dim;
        keys.set(qkv.subarray(at + dim, at + 2 * dim), (before + i) * dim);
        values.set(qkv.subarray(at + 2 * dim, at + 3 * dim), (before + i) * dim);
      }
      const found = new Float32Array(T * dim);
      const weights = new Float32Array(all);
      for (let i = 0; i < T; i++) {
        const seen = this.causal ? before + i + 1 : all;
        for (let h = 0; h < heads; h++) {
          const q = i * 3 * dim + h * d, o = i * dim + h * d;
          let top = -Infinity, sum = 0;
          for (let j = 0; j < seen; j++) {
            let score = 0;
            for (let k = 0; k < d; k++) score += qkv[q + k] * keys[j * dim + h * d + k];
            weights[j] = score / Math.sqrt(d);
            if (weights[j] > top) top = weights[j];
          }
          for (let j = 0; j < seen; j++) sum += weights[j] = Math.exp(weights[j] - top);
          for (let j = 0; j < seen; j++) {
            const share = weights[j] / sum;
            for (let k = 0; k < d; k++) found[o + k] += share * values[j * dim + h * d + k];
          }
        }
      }
      const out = matmul(found, t("out"), T, dim, dim, t("out.bias"));
      for (let i = 0; i < x.length; i++) x[i] += out[i];
      const wide = matmul(layerNorm(x, dim, t("norm_1.gain"), t("norm_1.shift")), t("wide"),
        T, dim, 4 * dim, t("wide.bias"));
      activate(wide, "gelu");
      const narrow = matmul(wide, t("narrow"), T, 4 * dim, dim, t("narrow.bias"));
      for (let i = 0; i < x.length; i++) x[i] += narrow[i];
    }
    cache.length = all;
    return x;
  }
}

/** Probabilities of logits at a temperature; `barred(i)` says which may not be drawn. */
export function softmax(logits, temperature = 1, barred = () => false) {
  const out = Float64Array.from(logits, (l, i) => (barred(i) ? -Infinity : l / temperature));
  const top = out.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < out.length; i++) sum += out[i] = Math.exp(out[i] - top);
  return out.map((value) => value / sum);
}

/** The index of the largest value. */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** Draw an index with the given probabilities; `random()` is uniform in [0, 1). */
export function draw(probabilities, random) {
  let left = random();
  for (let i = 0; i < probabilities.length; i++) {
    left -= probabilities[i];
    if (left < 0) return i;
  }
  return argmax(probabilities);
}
