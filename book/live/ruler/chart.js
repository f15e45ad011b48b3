// A small chart of a ruler's reading against the number of points: dots, their mean, the truth.
import {canvas, colours} from "../lib/frame.js";

/** A round step of about a third of `span`: 1, 2 or 5 times a power of ten. */
function step(span) {
  const power = 10 ** Math.floor(Math.log10(span / 3));
  const share = span / 3 / power;
  return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

const short = (value) => value.toFixed(Math.abs(value) < 1 ? 3 : 2);
const quantile = (sorted, q) => sorted[Math.round(q * (sorted.length - 1))];

/** {node, show(dots, means, truth), mark(place, values), fade(), stop}. `series` are {name, ink};
 *  dots[series][place] are the readings at counts[place]. `range` fixes the upright axis. */
export function chart({counts, name, series, range = null}) {
  const own = {dots: null, means: null, truth: null, marked: null, faded: false, low: 0, high: 1};
  const board = canvas({width: 400, ratio: 1.45, label: `${name} against N`, draw});

  function draw(context, w, h) {
    const c = colours(), left = 34, right = 8, top = 8, bottom = 34;
    const first = Math.log10(counts[0]), last = Math.log10(counts[counts.length - 1]);
    const x = (count) => left + 10 + (Math.log10(count) - first) / (last - first)
      * (w - left - right - 20);
    const y = (value) => h - bottom - (value - own.low) / (own.high - own.low) * (h - top - bottom);
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = c.muted;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.lineWidth = 1;
    const gap = range ? 0.5 : step(own.high - own.low);
    const digits = Math.max(0, -Math.floor(Math.log10(gap) + 1e-9));
    for (let k = Math.ceil(own.low / gap - 1e-9); k * gap <= own.high + 1e-9; k++) {
      const at = Math.round(y(k * gap)) + 0.5;
      context.strokeStyle = c.line;
      context.globalAlpha = k === 0 ? 1 : 0.55;
      context.beginPath();
      context.moveTo(left, at);
      context.lineTo(w - right, at);
      context.stroke();
      context.globalAlpha = 1;
      context.fillText((k * gap).toFixed(digits).replace("-", "−"), left - 5, at);
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const count of counts) {
      const tens = Number.isInteger(Math.log10(count));
      context.strokeStyle = c.line;
      context.beginPath();
      context.moveTo(x(count), h - bottom);
      context.lineTo(x(count), h - bottom + (tens ? 5 : 3));
      context.stroke();
      if (tens) context.fillText(count.toLocaleString("en"), x(count), h - bottom + 6);
    }
    context.textAlign = "right";
    context.fillText("N", w - right, h - bottom + 6);
    if (!own.dots) return;
    context.save();
    context.beginPath();
    context.rect(left, top - 4, w - left - right, h - top - bottom + 8);
    context.clip();
    const dim = own.faded ? 0.45 : 1;
    series.forEach(({ink}, s) => {
      const aside = series.length > 1 ? (s ? 2.5 : -2.5) : 0;
      context.fillStyle = c[ink];
      context.globalAlpha = 0.28 * dim;
      own.dots[s].forEach((values, place) => values.slice(0, 48).forEach((value, i) => {
        const jitter = ((i * 0.618034) % 1 - 0.5) * (series.length > 1 ? 4 : 7);
        context.beginPath();
        context.arc(x(counts[place]) + aside + jitter, y(value), 1.6, 0, 2 * Math.PI);
        context.fill();
      }));
      context.globalAlpha = dim;
      context.strokeStyle = c[ink];
      context.lineWidth = 2;
      context.beginPath();
      own.means[s].forEach((value, place) => context.lineTo(x(counts[place]) + aside, y(value)));
      context.stroke();
      context.beginPath();
      own.means[s].forEach((value, place) => {
        context.moveTo(x(counts[place]) + aside + 3, y(value));
        context.arc(x(counts[place]) + aside, y(value), 3, 0, 2 * Math.PI);
      });
      context.fill();
    });
    context.globalAlpha = 1;
    if (own.truth !== null) {
      context.strokeStyle = c.other;
      context.lineWidth = 1.75;
      context.setLineDash([6, 4]);
      context.beginPath();
      context.moveTo(left, y(own.truth));
      context.lineTo(w - right, y(own.truth));
      context.stroke();
      context.setLineDash([]);
    }
    own.marked?.values.forEach((value, s) => {
      const seen = Math.max(own.low, Math.min(own.high, value));  // at the edge if beyond it
      context.beginPath();
      context.arc(x(counts[own.marked.place]) + (series.length > 1 ? (s ? 2.5 : -2.5) : 0), y(seen),
        5.5, 0, 2 * Math.PI);
      context.lineWidth = 4.5;
      context.strokeStyle = c.paper;
      context.stroke();
      context.lineWidth = 2.25;
      context.strokeStyle = series.length > 1 ? c[series[s].ink] : c.generated;
      context.stroke();
    });
    context.restore();
  }

  function bounds() {
    if (range) [own.low, own.high] = range;
    if (range || !own.dots) return;
    const all = [own.truth ?? 0, 0, ...own.means.flat()];
    for (const values of own.dots.flat()) {
      const sorted = [...values].sort((a, b) => a - b);
      all.push(quantile(sorted, 0.06), quantile(sorted, 0.94));
    }
    const low = all.reduce((a, b) => Math.min(a, b)), high = all.reduce((a, b) => Math.max(a, b));
    const gap = step(Math.max(high - low, 1e-6)) / 2;
    own.low = Math.floor(low / gap - 1e-9) * gap;
    own.high = Math.ceil(high / gap + 1e-9) * gap;
  }

  function words() {
    const told = series.map(({name: word}, s) => `${word} ${counts.map((count, place) =>
      `${short(own.means[s][place])} at ${count}`).join(", ")}`.trim());
    board.node.setAttribute("aria-label",
      `${name} against N, mean of many draws: ${told.join("; ")}`
      + (own.truth === null ? "" : `; at N without end ${short(own.truth)}`));
  }

  return Object.assign(own, {node: board.node, stop: board.stop,
    show(dots, means, truth) {
      Object.assign(own, {dots, means, truth, faded: false});
      bounds();
      words();
      board.redraw();
    },
    mark(place, values) { own.marked = {place, values}; board.redraw(); },
    fade() { own.faded = true; board.redraw(); }});
}
