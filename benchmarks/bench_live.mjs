// Called by bench_live.py: the generator of chapter 04 by book/live/lib and by TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import fs from "node:fs";
import {read, chain} from "../book/live/lib/weights.js";
import {matmul, runChain} from "../book/live/lib/nn.js";

const file = fs.readFileSync(process.argv[2]);
const layers = chain(read(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)));
const latents = Float32Array.from({length: 64}, (_, i) => 1.2 * Math.sin(1.7 * i));
const theirs = layers.map((layer) => ({...layer, ...Object.fromEntries(
  ["kernel", "bias", "gain", "shift"].filter((part) => layer[part])
    .map((part) => [part, tf.tensor(layer[part], part === "kernel" ? layer.shape : undefined)]))}));

const byTensorFlow = () => tf.tidy(() => {
  let x = tf.tensor(latents, [1, 64]);
  for (const {op, kernel, bias, gain, shift, target, shape, activation} of theirs) {
    if (op === "dense") x = tf.matMul(x, kernel);
    if (op === "scale") x = tf.add(tf.mul(x, gain), shift);
    if (op === "reshape") x = tf.reshape(x, [1, ...target]);
    if (op === "convTranspose") {
      x = tf.conv2dTranspose(x, kernel, [1, 2 * x.shape[1], 2 * x.shape[2], shape[2]], 2, "same");
    }
    if (bias) x = tf.add(x, bias);
    if (activation === "relu") x = tf.relu(x);
    if (activation === "tanh") x = tf.tanh(x);
  }
  return x.dataSync();
});
const byOurs = () => runChain(layers, latents, [64]).data;

// The matrix products of one token of chapter 18's transformer, with and without guidance's row.
const D = 128, V = 232;
const sizes = [[D, 3 * D], [D, D], [D, 4 * D], [4 * D, D], [D, V]];
const arrays = sizes.map(([k, n]) => Float32Array.from({length: k * n}, () => Math.random() - 0.5));
const tensors = arrays.map((array, i) => tf.tensor(array, sizes[i]));
const inputs = sizes.map(([k]) => Float32Array.from({length: 2 * k}, () => Math.random() - 0.5));
const rows = inputs.map((array, i) => tf.tensor(array, [2, sizes[i][0]]));
const turns = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4];
const tokenByTensorFlow = () => turns.forEach((i) => {
  const product = tf.matMul(rows[i], tensors[i]);
  product.dataSync();
  product.dispose();
});
const tokenByOurs = () => turns.forEach((i) => matmul(inputs[i], arrays[i], 2, ...sizes[i]));

function median(run, times) {
  const spent = Array.from({length: times + 10}, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }).slice(10).sort((a, b) => a - b);
  return spent[times >> 1];
}

const difference = byTensorFlow().reduce(
  (largest, value, i) => Math.max(largest, Math.abs(value - byOurs()[i])), 0);
const table = {difference};
for (let turn = 0; turn < 3; turn++) {  // in turns, so that a busy moment strikes both
  for (const [name, run, times] of [["picture, TensorFlow.js", byTensorFlow, 40],
    ["picture, ours", byOurs, 40], ["token, TensorFlow.js", tokenByTensorFlow, 200],
    ["token, ours", tokenByOurs, 200]]) {
    table[name] = Math.min(table[name] ?? Infinity, median(run, times));
  }
}
console.log(JSON.stringify(table));
