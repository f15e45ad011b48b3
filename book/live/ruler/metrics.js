// The three rulers of helpers/metrics.py for points in the plane, and their true values.
//
// Points are flat Float64Arrays x0, y0, x1, y1, ... In two dimensions every sum over pairs of the
// kernel distance is a sum over moments, so that it costs N and not N^2 (chapter 06 derives it).

export const K = 3;  // neighbours of a ball, as in the book

/** {count, mean: [x, y], cov: [xx, xy, yy]} of points, the covariance divided by N - 1. */
export function summary(points) {
  const count = points.length / 2;
  let mx = 0, my = 0;
  for (let i = 0; i < points.length; i += 2) {
    mx += points[i];
    my += points[i + 1];
  }
  mx /= count;
  my /= count;
  let xx = 0, xy = 0, yy = 0;
  for (let i = 0; i < points.length; i += 2) {
    const x = points[i] - mx, y = points[i + 1] - my;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  return {count, mean: [mx, my], cov: [xx, xy, yy].map((sum) => sum / (count - 1))};
}

/** |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)) of two means and covariances.
 *  A 2 x 2 matrix's root has the trace (tr + 2 det^(1/2))^(1/2), so no root is taken. */
function frechetOf({mean: m, cov: [a, b, c]}, {mean: n, cov: [d, e, f]}) {
  const trace = a * d + 2 * b * e + c * f;
  const det = Math.max(a * c - b * b, 0) * Math.max(d * f - e * e, 0);
  const overlap = Math.sqrt(Math.max(trace + 2 * Math.sqrt(det), 0));
  return Math.max((m[0] - n[0]) ** 2 + (m[1] - n[1]) ** 2 + a + c + d + f - 2 * overlap, 0);
}

/** The squared Frechet distance of two samples. */
export const frechet = (a, b) => frechetOf(summary(a), summary(b));

/** The exponents and the weights of phi with phi(x) . phi(y) = (x . y / 2 + 1)^degree. */
function monomials(degree) {
  const list = [], factorial = (n) => (n < 2 ? 1 : n * factorial(n - 1));
  for (let i = 0; i <= degree; i++) {
    for (let j = 0; i + j <= degree; j++) {
      const ways = factorial(degree) / (factorial(i) * factorial(j) * factorial(degree - i - j));
      list.push({i, j, weight: Math.sqrt(ways / 2 ** (i + j))});
    }
  }
  return list;
}

const THIRD = monomials(3), SIXTH = monomials(6);

/** phi of every point, row by row. */
function features(points, list) {
  const width = list.length, degree = list[width - 1].i;
  const out = new Float64Array(points.length / 2 * width);
  const px = new Float64Array(degree + 1).fill(1), py = new Float64Array(degree + 1).fill(1);
  for (let n = 0, at = 0; n < points.length; n += 2) {
    for (let d = 1; d <= degree; d++) {
      px[d] = px[d - 1] * points[n];
      py[d] = py[d - 1] * points[n + 1];
    }
    for (let w = 0; w < width; w++, at++) out[at] = list[w].weight * px[list[w].i] * py[list[w].j];
  }
  return out;
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** {count, sum: sum of phi, own: sum of |phi|^2}: all that sums over pairs need of one sample. */
function sums(points, list) {
  const phi = features(points, list), width = list.length;
  const sum = new Float64Array(width);
  let own = 0;
  for (let at = 0; at < phi.length; at += width) {
    for (let w = 0; w < width; w++) {
      sum[w] += phi[at + w];
      own += phi[at + w] * phi[at + w];
    }
  }
  return {count: points.length / 2, phi, sum, own};
}

/** The unbiased squared MMD under (x . y / 2 + 1)^3, without its error. */
export function kernelValue(a, b) {
  const [p, q] = [sums(a, THIRD), sums(b, THIRD)];
  const within = ({count, sum, own}) => (dot(sum, sum) - own) / (count * (count - 1));
  return within(p) + within(q) - 2 * dot(p.sum, q.sum) / (p.count * q.count);
}

/** For each point its mean kernel with the others of its sample, and with the other sample. */
function meanKernels({count, phi, sum}, other) {
  const width = sum.length, within = new Float64Array(count), across = new Float64Array(count);
  for (let n = 0; n < count; n++) {
    let inner = 0, outer = 0, own = 0;
    for (let w = 0; w < width; w++) {
      const value = phi[n * width + w];
      inner += value * sum[w];
      outer += value * other.sum[w];
      own += value * value;
    }
    within[n] = (inner - own) / (count - 1);
    across[n] = outer / other.count;
  }
  return [within, across];
}

const mean = (x) => x.reduce((sum, value) => sum + value, 0) / x.length;
const meanSquare = (x) => dot(x, x) / x.length;

/** [value, standard error] of the kernel distance: the five terms of helpers.metrics. */
export function kernelDistance(a, b) {
  const [p, q] = [sums(a, THIRD), sums(b, THIRD)], [p6, q6] = [sums(a, SIXTH), sums(b, SIXTH)];
  const m = p.count, n = q.count;
  const [aa, ab] = meanKernels(p, q), [bb, ba] = meanKernels(q, p);
  const value = mean(aa) + mean(bb) - 2 * mean(ab);
  const pairs = ({count, sum, own}) => (dot(sum, sum) - own) / (count * (count - 1));
  const secondAA = pairs(p6) - 2 * meanSquare(aa) + mean(aa) ** 2;
  const secondBB = pairs(q6) - 2 * meanSquare(bb) + mean(bb) ** 2;
  const secondAB = dot(p6.sum, q6.sum) / (m * n) - meanSquare(ab) - meanSquare(ba) + mean(ab) ** 2;
  const spread = (x, y) => {
    const gaps = x.map((v, i) => v - y[i]), middle = mean(gaps);
    return gaps.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (x.length - 1);
  };
  const firstA = Math.max(spread(aa, ab) - secondAA / m - secondAB / n, 0);
  const firstB = Math.max(spread(bb, ba) - secondBB / n - secondAB / m, 0);
  const variance = 4 * firstA / m + 4 * firstB / n + 2 * secondAA / (m * (m - 1))
    + 2 * secondBB / (n * (n - 1)) + 4 * secondAB / (m * n);
  return [value, Math.sqrt(Math.max(variance, 0))];
}

/** A sample's land: a ball round each point, out to its k-th nearest other point. Sorted by x, so
 *  that a search stops where x alone is too far. radii are squared, in the order of `points`. */
export function land(points, k = K) {
  const count = points.length / 2;
  const order = Uint32Array.from({length: count}, (_, i) => i)
    .sort((i, j) => points[2 * i] - points[2 * j]);
  const xs = Float64Array.from(order, (i) => points[2 * i]);
  const ys = Float64Array.from(order, (i) => points[2 * i + 1]);
  const sorted = new Float64Array(count), radii = new Float64Array(count);
  const best = new Float64Array(k);
  for (let n = 0; n < count; n++) {
    best.fill(Infinity);
    for (let step = -1; step <= 1; step += 2) {
      for (let o = n + step; o >= 0 && o < count; o += step) {
        const dx = xs[o] - xs[n], square = dx * dx;
        if (square > best[k - 1]) break;
        const dy = ys[o] - ys[n], distance = square + dy * dy;
        if (distance >= best[k - 1]) continue;
        let place = k - 1;
        for (; place > 0 && best[place - 1] > distance; place--) best[place] = best[place - 1];
        best[place] = distance;
      }
    }
    sorted[n] = radii[order[n]] = best[k - 1];
  }
  return {xs, ys, sorted, radii};
}

/** For each of `points` 1 if it stands on the land, otherwise 0. */
function standing(points, {xs, ys, sorted}, slack = 0) {
  const count = xs.length, out = new Uint8Array(points.length / 2);
  // How far right the balls up to here reach, and how far left those from here on: past that
  // nothing is left to look at.
  const right = Float64Array.from(xs, (x, i) => x + Math.sqrt(sorted[i] + slack));
  const left = Float64Array.from(xs, (x, i) => x - Math.sqrt(sorted[i] + slack));
  for (let i = 1; i < count; i++) right[i] = Math.max(right[i], right[i - 1]);
  for (let i = count - 2; i >= 0; i--) left[i] = Math.min(left[i], left[i + 1]);
  const inside = (x, y, i) => (xs[i] - x) ** 2 + (ys[i] - y) ** 2 <= sorted[i] + slack;
  for (let n = 0; n < out.length; n++) {
    const x = points[2 * n], y = points[2 * n + 1];
    let low = 0, high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (xs[middle] < x) low = middle + 1;
      else high = middle;
    }
    let before = low - 1, after = low;  // outwards on both sides: a hit is most likely near
    for (let found = false; !found;) {
      const more = before >= 0 && right[before] >= x, further = after < count && left[after] <= x;
      if (!more && !further) break;
      found = (more && inside(x, y, before--)) || (further && inside(x, y, after++));
      out[n] = found ? 1 : 0;
    }
  }
  return out;
}

/** Precision and recall, which points stand on the other's land, and the squared radii. */
export function precisionRecall(real, generated, k = K) {
  const [cx, cy] = summary(real).mean;
  let largest = 0;  // rounding is forgiven as in helpers.metrics
  for (const points of [real, generated]) {
    for (let i = 0; i < points.length; i += 2) {
      largest = Math.max(largest, (points[i] - cx) ** 2 + (points[i + 1] - cy) ** 2);
    }
  }
  const realLand = land(real, k), generatedLand = land(generated, k);
  const onReal = standing(generated, realLand, 1e-12 * largest);
  const onGenerated = standing(real, generatedLand, 1e-12 * largest);
  return {precision: mean(onReal), recall: mean(onGenerated), onReal, onGenerated,
    realRadii: realLand.radii, generatedRadii: generatedLand.radii};
}

// ---- clouds: a shape with mean 0, variance 1 in each direction, stretched, turned and moved ----

const APART = Math.sqrt(1 - 0.3 ** 2);  // two heaps of deviation 0.3, so that the variance is 1

/** Each shape draws one point from uniform() and normal(); `third` is E u^3 = E v^3. */
export const SHAPES = {
  heap: {third: 0, draw: (uniform, normal) => [normal(), normal()]},
  "two heaps": {third: 0, draw: (uniform, normal) =>
    [(uniform() < 0.5 ? -APART : APART) + 0.3 * normal(), normal()]},
  ring: {third: 0, draw: (uniform) => {
    const angle = 2 * Math.PI * uniform();
    return [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)];
  }},
  skewed: {third: 2, draw: (uniform) =>
    [-Math.log(1 - uniform()) - 1, -Math.log(1 - uniform()) - 1]},
};

/** `count` points of a shape, before it is stretched, turned and moved. */
export function drawShape(shape, count, uniform, normal) {
  const out = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) out.set(SHAPES[shape].draw(uniform, normal), 2 * i);
  return out;
}

/** The matrix [m00, m01, m10, m11] that stretches by `long` and `wide`, then turns. */
function matrix({long, wide, turn}) {
  const angle = turn * Math.PI / 180, c = Math.cos(angle), s = Math.sin(angle);
  return [c * long, -s * wide, s * long, c * wide];
}

/** The first `count` of the shape's points as the cloud has them. */
export function place(cloud, points, count = points.length / 2) {
  const [a, b, c, d] = matrix(cloud), out = new Float64Array(2 * count);
  for (let i = 0; i < 2 * count; i += 2) {
    out[i] = cloud.x + a * points[i] + b * points[i + 1];
    out[i + 1] = cloud.y + c * points[i] + d * points[i + 1];
  }
  return out;
}

/** The cloud's own mean and covariance: what a sample without end would have. */
export function truth(cloud) {
  const [a, b, c, d] = matrix(cloud);
  return {mean: [cloud.x, cloud.y], cov: [a * a + b * b, a * c + b * d, c * c + d * d]};
}

/** The Frechet distance of two clouds at N without end. */
export const trueFrechet = (p, q) => frechetOf(truth(p), truth(q));

/** E x^i y^j of a cloud, i + j at most 3. */
function moment(cloud, i, j) {
  const rows = matrix(cloud), third = SHAPES[cloud.shape].third;
  const central = (directions) => {  // E of a product of centred coordinates, 0 is x and 1 is y
    if (directions.length < 2) return directions.length ? 0 : 1;
    const entries = directions.map((which) => rows.slice(2 * which, 2 * which + 2));
    const [first, second] = [0, 1].map((w) => entries.reduce((p, row) => p * row[w], 1));
    return (directions.length === 3 ? third : 1) * (first + second);
  };
  const which = [...Array(i).fill(0), ...Array(j).fill(1)], centre = [cloud.x, cloud.y];
  let total = 0;
  for (let chosen = 0; chosen < 2 ** which.length; chosen++) {  // multiply out (centre + rest)
    const rest = which.filter((_, n) => chosen >> n & 1);
    const fixed = which.filter((_, n) => !(chosen >> n & 1));
    total += central(rest) * fixed.reduce((p, d) => p * centre[d], 1);
  }
  return total;
}

/** The kernel distance of two clouds at N without end: squared differences of moments. */
export const trueKernel = (p, q) => THIRD.reduce(
  (sum, {i, j, weight}) => sum + (weight * (moment(p, i, j) - moment(q, i, j))) ** 2, 0);

/** Milliseconds that one measurement of all rulers takes at N points a side. */
export function speed(count = 2000, uniform = Math.random) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const [a, b] = [0, 1].map(() => drawShape("heap", count, uniform, normal));
  const time = (run) => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) run();
    return (performance.now() - began) / 20;
  };
  return {frechet: time(() => frechet(a, b)), kernel: time(() => kernelDistance(a, b)),
    kernelValue: time(() => kernelValue(a, b)), precisionRecall: time(() => precisionRecall(a, b))};
}
