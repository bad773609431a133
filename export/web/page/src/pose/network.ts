// A residual network of linear layers and leaky ReLUs, as synpose_tf/models/folded.py.

const NEGATIVE_SLOPE = 0.2;

export interface Layer {
  inputs: number;
  outputs: number;
  kernel: Float32Array; // (inputs, outputs), by rows.
  bias: Float32Array;
}

function linear(x: Float64Array, { outputs, kernel, bias }: Layer): Float64Array {
  const y = Float64Array.from(bias);
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!, row = i * outputs;
    for (let j = 0; j < outputs; j++) y[j]! += value * kernel[row + j]!;
  }
  return y;
}

const leaky = (x: Float64Array): Float64Array =>
  x.map((value) => Math.max(value, NEGATIVE_SLOPE * value));

/** The layers are the first, two for each residual block, and the last. */
export function forward(layers: readonly Layer[], inputs: readonly number[]): Float64Array {
  let x = leaky(linear(Float64Array.from(inputs), layers[0]!));
  for (let i = 1; i < layers.length - 1; i += 2) {
    const y = leaky(linear(leaky(linear(x, layers[i]!)), layers[i + 1]!));
    x = x.map((value, unit) => value + y[unit]!);
  }
  return linear(x, layers[layers.length - 1]!);
}
