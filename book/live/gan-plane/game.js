// Two small networks and their game in the plane: forward, backward, the losses of the chapter, a
// gradient penalty as Gulrajani et al. (2017) wrote it, Adam, the data, and the measures. Plain
// arithmetic; nothing here draws.
//
// Batches are row-major Float32Arrays. A network's weights lie in one array, layer after layer:
// the kernel (inputs, outputs) as Keras keeps it, then the bias.

import {normal, uniform} from "../lib/random.js";

// ---- matrix products: two rows by four columns at a time, so that sums stay in registers ------

/** out (n, O) = a (n, I) W (I, O) + b; `w` and `b` are where W and b begin in `p` (b < 0: none). */
function times(a, p, w, b, out, n, I, O) {
  let r = 0;
  for (; r + 1 < n; r += 2) {
    const a0 = r * I, a1 = a0 + I;
    let j = 0;
    for (; j + 3 < O; j += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      if (b >= 0) { s0 = p[b + j]; s1 = p[b + j + 1]; s2 = p[b + j + 2]; s3 = p[b + j + 3]; }
      let t0 = s0, t1 = s1, t2 = s2, t3 = s3;
      for (let k = 0, q = w + j; k < I; k++, q += O) {
        const x = a[a0 + k], y = a[a1 + k];
        const w0 = p[q], w1 = p[q + 1], w2 = p[q + 2], w3 = p[q + 3];
        s0 += x * w0; s1 += x * w1; s2 += x * w2; s3 += x * w3;
        t0 += y * w0; t1 += y * w1; t2 += y * w2; t3 += y * w3;
      }
      let o = r * O + j;
      out[o] = s0; out[o + 1] = s1; out[o + 2] = s2; out[o + 3] = s3;
      o += O;
      out[o] = t0; out[o + 1] = t1; out[o + 2] = t2; out[o + 3] = t3;
    }
    for (; j < O; j++) {
      let s = b >= 0 ? p[b + j] : 0, t = s;
      for (let k = 0, q = w + j; k < I; k++, q += O) {
        s += a[a0 + k] * p[q];
        t += a[a1 + k] * p[q];
      }
      out[r * O + j] = s;
      out[r * O + O + j] = t;
    }
  }
  for (; r < n; r++) {
    for (let j = 0; j < O; j++) {
      let s = b >= 0 ? p[b + j] : 0;
      for (let k = 0, q = w + j; k < I; k++, q += O) s += a[r * I + k] * p[q];
      out[r * O + j] = s;
    }
  }
}

/** out (n, I) = d (n, O) times W transposed. */
function timesTransposed(d, p, w, out, n, I, O) {
  let r = 0;
  for (; r + 1 < n; r += 2) {
    const d0 = r * O, d1 = d0 + O;
    let i = 0;
    for (; i + 3 < I; i += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
      const q0 = w + i * O, q1 = q0 + O, q2 = q1 + O, q3 = q2 + O;
      for (let k = 0; k < O; k++) {
        const x = d[d0 + k], y = d[d1 + k];
        const w0 = p[q0 + k], w1 = p[q1 + k], w2 = p[q2 + k], w3 = p[q3 + k];
        s0 += x * w0; s1 += x * w1; s2 += x * w2; s3 += x * w3;
        t0 += y * w0; t1 += y * w1; t2 += y * w2; t3 += y * w3;
      }
      let o = r * I + i;
      out[o] = s0; out[o + 1] = s1; out[o + 2] = s2; out[o + 3] = s3;
      o += I;
      out[o] = t0; out[o + 1] = t1; out[o + 2] = t2; out[o + 3] = t3;
    }
    for (; i < I; i++) {
      let s = 0, t = 0;
      const q = w + i * O;
      for (let k = 0; k < O; k++) { s += d[d0 + k] * p[q + k]; t += d[d1 + k] * p[q + k]; }
      out[r * I + i] = s;
      out[r * I + I + i] = t;
    }
  }
  for (; r < n; r++) {
    for (let i = 0; i < I; i++) {
      let s = 0;
      for (let k = 0; k < O; k++) s += d[r * O + k] * p[w + i * O + k];
      out[r * I + i] = s;
    }
  }
}

/** Add a transposed times d to the kernel's gradient at g[w], and d's sums to that at g[b]. */
function collect(a, d, g, w, b, n, I, O) {
  let i = 0;
  for (; i + 1 < I; i += 2) {
    let j = 0;
    for (; j + 3 < O; j += 4) {
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0, t0 = 0, t1 = 0, t2 = 0, t3 = 0;
      for (let r = 0, u = i, v = j; r < n; r++, u += I, v += O) {
        const x = a[u], y = a[u + 1];
        const e0 = d[v], e1 = d[v + 1], e2 = d[v + 2], e3 = d[v + 3];
        s0 += x * e0; s1 += x * e1; s2 += x * e2; s3 += x * e3;
        t0 += y * e0; t1 += y * e1; t2 += y * e2; t3 += y * e3;
      }
      let o = w + i * O + j;
      g[o] += s0; g[o + 1] += s1; g[o + 2] += s2; g[o + 3] += s3;
      o += O;
      g[o] += t0; g[o + 1] += t1; g[o + 2] += t2; g[o + 3] += t3;
    }
    for (; j < O; j++) {
      let s = 0, t = 0;
      for (let r = 0; r < n; r++) {
        s += a[r * I + i] * d[r * O + j];
        t += a[r * I + i + 1] * d[r * O + j];
      }
      g[w + i * O + j] += s;
      g[w + i * O + O + j] += t;
    }
  }
  for (; i < I; i++) {
    for (let j = 0; j < O; j++) {
      let s = 0;
      for (let r = 0; r < n; r++) s += a[r * I + i] * d[r * O + j];
      g[w + i * O + j] += s;
    }
  }
  if (b < 0) return;
  for (let j = 0; j < O; j++) {
    let s = 0;
    for (let r = 0, v = j; r < n; r++, v += O) s += d[v];
    g[b + j] += s;
  }
}

// ---- a network --------------------------------------------------------------------------------

/** Dense layers with swish between them, z / (1 + exp(-z)), and none after the last. */
export class Network {
  /** `sizes` as [2, 32, 32, 1]. Kernels are uniform with a spread of gain / sqrt(inputs), biases
   *  within +-shift. With biases of zero every unit would bend at the origin, and so small a
   *  network would see nothing sharp but the middle of the plane. */
  constructor(sizes, random = Math.random, {gain = 1, shift = 1} = {}) {
    this.sizes = sizes;
    this.layers = [];
    let at = 0;
    for (let l = 0; l + 1 < sizes.length; l++) {
      const I = sizes[l], O = sizes[l + 1];
      this.layers.push({I, O, w: at, b: at + I * O});
      at += I * O + O;
    }
    this.weights = new Float32Array(at);
    this.gradient = new Float32Array(at);
    this.layers.forEach(({I, O, w, b}, l) => {
      const last = l + 1 === this.layers.length;
      const limit = Math.sqrt(3 / I) * (last ? 1 : gain);
      for (let k = 0; k < I * O; k++) this.weights[w + k] = limit * (2 * random() - 1);
      if (!last) for (let k = 0; k < O; k++) this.weights[b + k] = shift * (2 * random() - 1);
    });
    this.room = 0;
  }

  /** Make room for n rows: activations a, swish's slope f'(z) and bend f''(z), what runs back. */
  _reserve(n) {
    if (n <= this.room) return;
    this.room = n;
    for (const name of ["a", "slope", "bend", "back", "pull", "change", "moved"]) {
      this[name] = this.sizes.map((size) => new Float32Array(n * size));
    }
  }

  /** The outputs of n inputs x (n, sizes[0]); valid until the next call. */
  forward(x, n, curvature = false) {
    this._reserve(n);
    this.a[0].set(x.length > n * this.sizes[0] ? x.subarray(0, n * this.sizes[0]) : x);
    const last = this.layers.length;
    for (let l = 0; l < last; l++) {
      const {I, O, w, b} = this.layers[l];
      const z = this.a[l + 1], slope = this.slope[l + 1], bend = this.bend[l + 1];
      times(this.a[l], this.weights, w, b, z, n, I, O);
      if (l + 1 === last) break;
      for (let k = 0, size = n * O; k < size; k++) {
        const v = z[k], s = 1 / (1 + Math.exp(-v)), t = s * (1 - s);
        z[k] = v * s;
        slope[k] = s + v * t;
        if (curvature) bend[k] = t * (2 + v * (1 - 2 * s));
      }
    }
    return this.a[last];
  }

  /** Take d (n, outputs), the gradient at the last outputs, backwards. With `weights` that of the
   *  weights is added to this.gradient; with `inputs` the gradient at the inputs is returned. */
  backward(d, n, {weights = true, inputs = false} = {}) {
    const last = this.layers.length;
    this.back[last].set(d.length > n * this.sizes[last] ? d.subarray(0, n * this.sizes[last]) : d);
    for (let l = last - 1; l >= 0; l--) {
      const {I, O, w, b} = this.layers[l];
      const from = this.back[l + 1], to = this.back[l];
      if (weights) collect(this.a[l], from, this.gradient, w, b, n, I, O);
      if (l === 0 && !inputs) return null;
      timesTransposed(from, this.weights, w, to, n, I, O);
      if (l === 0) return to;
      const slope = this.slope[l];
      for (let k = 0, size = n * I; k < size; k++) to[k] *= slope[k];
    }
    return null;
  }

  /** Add the gradient of weight * mean((|dD/dx| - 1)^2) over n places x; return that penalty.
   *
   *  The network must have one output. First g = dD/dx, backwards as always. Then u = dP/dg is
   *  held fixed, and u . g is how D changes along u. That change is taken forwards through the
   *  layers, and its gradient by the weights backwards. No difference quotients: it is exact. */
  penalty(x, n, weight) {
    this.forward(x, n, true);
    const {a, slope, bend, back, pull, change, layers, weights, gradient, sizes} = this;
    const last = layers.length, inner = sizes[0];
    // pull: the gradient of D at each activation; back: at the z before it.
    back[last].fill(1, 0, n);
    for (let l = last - 1; l >= 0; l--) {
      const {I, O, w} = layers[l];
      timesTransposed(back[l + 1], weights, w, pull[l], n, I, O);
      if (l > 0) for (let k = 0; k < n * I; k++) back[l][k] = pull[l][k] * slope[l][k];
    }
    const g = pull[0], u = change[0];
    let sum = 0;
    for (let r = 0; r < n; r++) {
      let square = 0;
      for (let k = r * inner; k < (r + 1) * inner; k++) square += g[k] * g[k];
      const length = Math.sqrt(square), excess = length - 1;
      sum += excess * excess;
      const factor = length > 0 ? 2 * weight * excess / (length * n) : 0;
      for (let k = r * inner; k < (r + 1) * inner; k++) u[k] = factor * g[k];
    }
    // Forwards along u: moved[l] is the change of z, change[l] that of the activation.
    const moved = this.moved;
    for (let l = 1; l < last; l++) {
      const {I, O, w} = layers[l - 1];
      times(change[l - 1], weights, w, -1, moved[l], n, I, O);
      for (let k = 0; k < n * O; k++) change[l][k] = moved[l][k] * slope[l][k];
    }
    // Backwards. The gradient at change[l] is pull[l] again. The gradient at z, which replaces
    // moved[l], comes through the bend of the activation and from the layers above.
    for (let l = last - 1; l >= 0; l--) {
      const {I, O, w, b} = layers[l];
      collect(change[l], back[l + 1], gradient, w, -1, n, I, O);
      if (l + 1 < last) {
        collect(a[l], moved[l + 1], gradient, w, b, n, I, O);
        if (l > 0) timesTransposed(moved[l + 1], weights, w, change[l], n, I, O);
      } else {
        change[l].fill(0, 0, n * I);
      }
      if (l === 0) break;
      for (let k = 0; k < n * I; k++) {
        moved[l][k] = change[l][k] * slope[l][k] + pull[l][k] * moved[l][k] * bend[l][k];
      }
    }
    return weight * sum / n;
  }
}

/** Adam as keras.optimizers.Adam takes it: the bias correction in the rate, epsilon outside. */
export class Adam {
  constructor(size, {beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7} = {}) {
    Object.assign(this, {beta1, beta2, epsilon, steps: 0});
    this.mean = new Float32Array(size);
    this.square = new Float32Array(size);
  }

  step(weights, gradient, rate) {
    this.steps++;
    const {mean, square, beta1, beta2, epsilon, steps} = this;
    const alpha = rate * Math.sqrt(1 - beta2 ** steps) / (1 - beta1 ** steps);
    for (let k = 0; k < weights.length; k++) {
      const g = gradient[k];
      const m = mean[k] + (g - mean[k]) * (1 - beta1);
      const v = square[k] + (g * g - square[k]) * (1 - beta2);
      mean[k] = m;
      square[k] = v;
      weights[k] -= alpha * m / (Math.sqrt(v) + epsilon);
    }
  }
}

// ---- the losses of the chapter ----------------------------------------------------------------

export const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
export const sigmoid = (t) => 1 / (1 + Math.exp(-t));

/** What the discriminator loses on logits of real and generated samples; its gradients at them. */
export function discriminatorLoss(loss, real, generated, n, dReal, dGenerated) {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    if (loss === "wasserstein") {
      sum += generated[k] - real[k];
      dReal[k] = -1 / n;
      dGenerated[k] = 1 / n;
    } else {
      sum += softplus(-real[k]) + softplus(generated[k]);
      dReal[k] = -sigmoid(-real[k]) / n;
      dGenerated[k] = sigmoid(generated[k]) / n;
    }
  }
  return sum / n;
}

/** What the generator loses on the logits of its samples, and the gradient at them. */
export function generatorLoss(loss, logits, n, d) {
  let sum = 0;
  for (let k = 0; k < n; k++) {
    const t = logits[k];
    if (loss === "wasserstein") { sum -= t; d[k] = -1 / n; }
    else if (loss === "saturating") { sum -= softplus(t); d[k] = -sigmoid(t) / n; }
    else { sum += softplus(-t); d[k] = -sigmoid(-t) / n; }
  }
  return sum / n;
}

/** One batch of the discriminator: its loss, split, and the gradient left in D.gradient.
 *  `penaltyWeight` 0 leaves the penalty out; `between` are the places where it is taken. */
export function discriminatorGradient(D, loss, real, generated, n, between = null,
  penaltyWeight = 0, room = {}) {
  if (!(room.rows?.length >= 4 * n)) {
    Object.assign(room, {rows: new Float32Array(4 * n), d: new Float32Array(2 * n)});
  }
  const {rows, d} = room;
  for (let k = 0; k < 2 * n; k++) { rows[k] = real[k]; rows[2 * n + k] = generated[k]; }
  D.gradient.fill(0);
  const logits = D.forward(rows, 2 * n);
  const game = discriminatorLoss(loss, logits.subarray(0, n), logits.subarray(n, 2 * n), n,
    d.subarray(0, n), d.subarray(n, 2 * n));
  D.backward(d, 2 * n);
  const penalty = penaltyWeight > 0 && between ? D.penalty(between, n, penaltyWeight) : 0;
  return {loss: game + penalty, game, penalty};
}

/** One batch of the generator: its loss, and the gradient left in G.gradient. D is not touched. */
export function generatorGradient(G, D, loss, latents, n, room = {}) {
  if (!(room.d?.length >= n)) room.d = new Float32Array(n);
  const samples = G.forward(latents, n);
  const value = generatorLoss(loss, D.forward(samples, n), n, room.d);
  const pull = D.backward(room.d, n, {weights: false, inputs: true});
  G.gradient.fill(0);
  G.backward(pull, n);
  return value;
}

/** Where the generator's loss pushes each of n samples, as it feels it: minus the gradient of the
 *  summed loss at the sample. (n, 2) */
export function pushes(D, loss, samples, n) {
  const d = new Float32Array(n);
  generatorLoss(loss, D.forward(samples, n), n, d);
  const pull = D.backward(d, n, {weights: false, inputs: true});
  return Float32Array.from(pull.subarray(0, 2 * n), (value) => -value * n);
}

// ---- data -------------------------------------------------------------------------------------

export const REACH = 3;  // the plane that is shown and measured: [-REACH, REACH] both ways

/** A distribution: `modes` are the centres of its bells, or null; draw(random, bell) is a point. */
const bells = (modes, spread) => ({modes, spread, draw(random, bell) {
  const [x, y] = modes[Math.floor(random() * modes.length)];
  return [x + spread * bell(), y + spread * bell()];
}});

export const DATA = {
  ring: () => bells(Array.from({length: 8}, (_, k) =>
    [2 * Math.cos(k * Math.PI / 4), 2 * Math.sin(k * Math.PI / 4)]), 0.15),
  grid: () => bells(Array.from({length: 25}, (_, k) => [k % 5 - 2, Math.floor(k / 5) - 2]), 0.12),
  moons: () => ({modes: null, draw(random, bell) {
    const t = Math.PI * random(), upper = random() < 0.5;
    const x = upper ? Math.cos(t) : 1 - Math.cos(t), y = upper ? Math.sin(t) : 0.5 - Math.sin(t);
    return [1.4 * (x - 0.5) + 0.1 * bell(), 1.4 * (y - 0.25) + 0.1 * bell()];
  }}),
  drawn: (points) => ({modes: null, points, draw(random, bell) {
    const [x, y] = points[Math.floor(random() * points.length)];
    return [x + 0.08 * bell(), y + 0.08 * bell()];
  }}),
};

/** n points of a distribution, (n, 2). */
export function sample(data, n, random, bell = normal(random), out = new Float32Array(2 * n)) {
  for (let k = 0; k < n; k++) {
    const [x, y] = data.draw(random, bell);
    out[2 * k] = x;
    out[2 * k + 1] = y;
  }
  return out;
}

// ---- measures ---------------------------------------------------------------------------------

export const BINS = 24;

/** Shares of n points in bins x bins cells over the plane; what lies outside counts in the edge. */
export function histogram(points, n, bins = BINS) {
  const shares = new Float64Array(bins * bins);
  const cell = (v) => Math.max(0, Math.min(bins - 1, Math.floor((v + REACH) / (2 * REACH) * bins)));
  for (let k = 0; k < n; k++) shares[cell(points[2 * k + 1]) * bins + cell(points[2 * k])] += 1 / n;
  return shares;
}

/** Jensen-Shannon divergence of two lists of shares, in nats: 0 to log 2. */
export function jensenShannon(p, q) {
  let sum = 0;
  for (let k = 0; k < p.length; k++) {
    const m = (p[k] + q[k]) / 2;
    if (p[k] > 0) sum += p[k] * Math.log(p[k] / m);
    if (q[k] > 0) sum += q[k] * Math.log(q[k] / m);
  }
  return Math.max(0, sum / 2);
}

/** W1 between two clouds of n points each: the mean length of the cheapest one-to-one plan. Exact:
 *  the Hungarian method with potentials (shortest augmenting paths), O(n^3) at worst. */
export function wasserstein(a, b, n) {
  const cost = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      cost[i * n + j] = Math.hypot(a[2 * i] - b[2 * j], a[2 * i + 1] - b[2 * j + 1]);
    }
  }
  const rowPrice = new Float64Array(n + 1), columnPrice = new Float64Array(n + 1);
  const rowOf = new Int32Array(n + 1), way = new Int32Array(n + 1);  // 1-based; 0 is "none"
  const least = new Float64Array(n + 1), used = new Uint8Array(n + 1);
  for (let i = 1; i <= n; i++) {
    rowOf[0] = i;
    least.fill(Infinity);
    used.fill(0);
    let column = 0;
    do {
      used[column] = 1;
      const row = rowOf[column], base = (row - 1) * n - 1, price = rowPrice[row];
      let delta = Infinity, next = 0;
      for (let j = 1; j <= n; j++) {
        if (used[j]) continue;
        const reduced = cost[base + j] - price - columnPrice[j];
        if (reduced < least[j]) { least[j] = reduced; way[j] = column; }
        if (least[j] < delta) { delta = least[j]; next = j; }
      }
      if (next === 0) return NaN;  // a distance was not a number
      for (let j = 0; j <= n; j++) {
        if (used[j]) { rowPrice[rowOf[j]] += delta; columnPrice[j] -= delta; }
        else least[j] -= delta;
      }
      column = next;
    } while (rowOf[column] !== 0);
    do {
      const from = way[column];
      rowOf[column] = rowOf[from];
      column = from;
    } while (column);
  }
  let sum = 0;
  for (let j = 1; j <= n; j++) sum += cost[(rowOf[j] - 1) * n + j - 1];
  return sum / n;
}

/** How many of the modes are covered: at least a third of a mode's fair share of the n points lies
 *  within `radius` of its centre. `near` is the share of all points that lie near some centre. */
export function coverage(modes, points, n, radius = 0.36) {
  const counts = new Int32Array(modes.length);
  let near = 0;
  for (let k = 0; k < n; k++) {
    for (let m = 0; m < modes.length; m++) {
      if (Math.hypot(points[2 * k] - modes[m][0], points[2 * k + 1] - modes[m][1]) < radius) {
        counts[m]++;
        near++;
        break;
      }
    }
  }
  const fair = n / modes.length;
  return {covered: counts.filter((count) => count >= fair / 3).length, near: near / n};
}

// ---- the game ---------------------------------------------------------------------------------

export const DEFAULTS = {loss: "non-saturating", dSteps: 2, dRate: 6e-3, gRate: 6e-3, penalty: 0.1,
  batch: 64, latents: 2, width: 32, beta1: 0.5, beta2: 0.99, adam: true, corner: 0, heap: 0.06,
  alone: 0, rest: 0};

/** Two networks and the data they play for. The loss, the steps, the rates, the penalty and `adam`
 *  (does the generator descend by Adam, or plainly) may be changed between steps. With a `corner`
 *  the generator begins with one heap at (-corner, -corner), its width by `heap`; for the first
 *  `alone` steps only the discriminator learns. A discriminator whose loss is below `rest` takes no
 *  step; a critic, whose loss has no floor, always does. */
export class Game {
  constructor(data, seed, settings = {}) {
    this.settings = {...DEFAULTS, ...settings};
    this.data = data;
    this.random = uniform(seed);
    this.bell = normal(this.random);
    const {latents, width, batch, beta1, beta2, corner, heap} = this.settings;
    this.G = new Network([latents, width, width, 2], this.random, {gain: 2, shift: 2});
    this.D = new Network([2, width, width, 1], this.random, {gain: 2.5, shift: 4});
    if (corner) {
      const {I, O, w, b} = this.G.layers[2];
      for (let k = 0; k < I * O; k++) this.G.weights[w + k] *= heap;
      this.G.weights.set([-corner, -corner], b);
    }
    this.adamG = new Adam(this.G.weights.length, {beta1, beta2});
    this.adamD = new Adam(this.D.weights.length, {beta1, beta2});
    this.steps = 0;
    this.real = new Float32Array(2 * batch);
    this.between = new Float32Array(2 * batch);
    this.latents = new Float32Array(latents * batch);
    this.room = {d: {}, g: {}};
    this.losses = {discriminator: NaN, generator: NaN};
  }

  draw(n, out = new Float32Array(n * this.settings.latents)) {
    for (let k = 0; k < n * this.settings.latents; k++) out[k] = this.bell();
    return out;
  }

  /** One step of the discriminator. */
  discriminate() {
    const {batch, loss, penalty, dRate, rest} = this.settings;
    sample(this.data, batch, this.random, this.bell, this.real);
    const generated = this.G.forward(this.draw(batch, this.latents), batch);
    if (penalty > 0) {
      for (let k = 0; k < batch; k++) {
        const t = this.random();
        for (let c = 2 * k; c < 2 * k + 2; c++) {
          this.between[c] = t * this.real[c] + (1 - t) * generated[c];
        }
      }
    }
    const told = discriminatorGradient(this.D, loss, this.real, generated, batch, this.between,
      penalty, this.room.d);
    this.losses.discriminator = told.loss;
    // One that is sure has next to no gradient. Adam would divide it by its own size, and so walk
    // on at full pace with nothing to lead it, until it errs.
    if (loss !== "wasserstein" && told.loss < rest) return;
    this.adamD.step(this.D.weights, this.D.gradient, dRate);
  }

  /** One step of the generator. */
  generate() {
    const {batch, loss, gRate, alone, adam} = this.settings;
    this.losses.generator = generatorGradient(this.G, this.D, loss,
      this.draw(batch, this.latents), batch, this.room.g);
    if (this.steps < alone) return;
    const {weights, gradient} = this.G;
    if (adam) this.adamG.step(weights, gradient, gRate);
    else for (let k = 0; k < weights.length; k++) weights[k] -= gRate * gradient[k];
  }

  step() {
    for (let k = 0; k < this.settings.dSteps; k++) this.discriminate();
    this.generate();
    this.steps++;
  }
}
