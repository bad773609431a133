// A Gaussian's guess at missed joints and the network that corrects it, as
// synpose_tf/completion/network.py.

import { PoseDistribution } from "./gaussian.ts";
import { forward, type Layer } from "./network.ts";
import { normalize2d } from "./normalization.ts";
import type { Points } from "./vector.ts";

/** `completion.json`: shapes of the arrays that `completion.bin` holds one after another. */
export interface CompletionCard {
  distribution: { mean: [number, number]; covariance: [number, number] };
  layers: [inputs: number, outputs: number][];
}

export class Completion {
  readonly distribution: PoseDistribution;
  readonly #layers: readonly Layer[];

  constructor(distribution: PoseDistribution, layers: readonly Layer[]) {
    this.distribution = distribution;
    this.#layers = layers;
  }

  /** From the two files that the export writes. */
  static read(card: CompletionCard, content: ArrayBuffer): Completion {
    const numbers = new Float32Array(content);
    let start = 0;
    const take = (count: number) => numbers.subarray(start, start += count);
    const size = ([rows, columns]: [number, number]) => rows * columns;
    const { mean, covariance } = card.distribution;
    const distribution = new PoseDistribution(take(size(mean)), take(size(covariance)));
    const layers = card.layers.map(([inputs, outputs]) =>
      ({ inputs, outputs, kernel: take(inputs * outputs), bias: take(outputs) }));
    if (start !== numbers.length) throw new Error("completion.bin does not fit its card");
    return new Completion(distribution, layers);
  }

  /** 17 joints in pixels, those that are not `seen` filled in. */
  complete(pixels: Points, seen: readonly boolean[]): number[][] {
    const guessed = this.distribution.complete(pixels, seen);
    const { pose: guess, frame } = normalize2d(guessed, "paper", 0);
    const inputs = guess.flatMap((point, joint) => [...point, seen[joint] ? 1 : 0]);
    const correction = forward(this.#layers, inputs);
    return pixels.map((point, joint) => seen[joint] ? [...point] : [0, 1].map((axis) =>
      (guess[joint]![axis]! + correction[2 * joint + axis]!) * frame.scale + frame.root[axis]!));
  }
}
