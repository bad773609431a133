// Joints that a detector missed, from those that it saw, as synpose_tf/completion/gaussian.py: the
// conditional mean of a Gaussian over normalised 2D poses.

import { inverse, multiply } from "./linear.ts";
import { JOINTS } from "./skeleton.ts";
import type { Points } from "./vector.ts";

const SIZE = 2 * JOINTS;
const PLACE = 25; // Variance of a pose's place, squared mean radii: any is as good as another.
const NOISE = 1e-3; // Variance of a joint that is seen.
const OUTLIER = 8; // Standard deviations, beyond which a joint is not believed,
const MOST_OUTLIERS = 3; // and how many of them one pose has at most.
const PATTERNS = 64; // Sets of joints whose inverse is kept.

export class PoseDistribution {
  readonly #mean: Float32Array;
  readonly #covariance: Float32Array;
  readonly #free: Float32Array; // The covariance of poses at any place.
  readonly #precisions = new Map<string, Float64Array>(); // By the joints that are seen.

  /** `mean` (17, 2) and `covariance` (34, 34), by rows. */
  constructor(mean: Float32Array, covariance: Float32Array) {
    this.#mean = mean;
    this.#covariance = covariance;
    this.#free = covariance.map((value, index) => {
      const sameAxis = (Math.floor(index / SIZE) - index) % 2 === 0;
      return value + (sameAxis ? PLACE : 0);
    });
  }

  /** 17 joints, those that are not `seen` filled in. */
  complete(pixels: Points, seen: readonly boolean[]): number[][] {
    const { pose, size, centre } = this.#normalize(pixels, seen);
    const weights = multiply(this.#precision(seen), this.#offset(pose, seen));
    const filled = multiply(this.#free, weights); // It is symmetric.
    return pixels.map((point, joint) => seen[joint] ? [...point] : [0, 1].map((axis) =>
      (this.#mean[2 * joint + axis]! + filled[2 * joint + axis]!) * size + centre[axis]!));
  }

  /** Which joints are seen and contradict the others, the worst first. */
  outliers(pixels: Points, seen: readonly boolean[]): boolean[] {
    const believed = [...seen];
    for (let round = 0; round < MOST_OUTLIERS; round++) {
      const surprise = this.#surprise(pixels, believed);
      const worst = surprise.indexOf(Math.max(...surprise));
      if (!(surprise[worst]! > OUTLIER)) break;
      believed[worst] = false;
    }
    return seen.map((was, joint) => was && !believed[joint]);
  }

  /** How far each joint is from where the others would have it, in standard deviations. */
  #surprise(pixels: Points, seen: readonly boolean[]): number[] {
    const precision = this.#precision(seen);
    const pull = multiply(precision, this.#offset(this.#normalize(pixels, seen).pose, seen));
    return seen.map((isSeen, joint) => {
      if (!isSeen) return 0;
      const x = 2 * joint, y = x + 1;
      const xx = precision[x * SIZE + x]!, yy = precision[y * SIZE + y]!;
      const xy = precision[x * SIZE + y]!;
      const squared = (yy * pull[x]! ** 2 - 2 * xy * pull[x]! * pull[y]! + xx * pull[y]! ** 2)
        / (xx * yy - xy * xy);
      return Math.sqrt(Math.max(squared, 0));
    });
  }

  /** About the centre of the joints that are seen, with the mean radius that they speak for. */
  #normalize(pixels: Points, seen: readonly boolean[]) {
    const count = Math.max(seen.filter(Boolean).length, 1);
    const centre = [0, 0], mean = [0, 0];
    seen.forEach((isSeen, joint) => [0, 1].forEach((axis) => {
      if (!isSeen) return;
      centre[axis]! += pixels[joint]![axis]! / count;
      mean[axis]! += this.#mean[2 * joint + axis]! / count;
    }));
    let spread = 0, usual = 0;
    seen.forEach((isSeen, joint) => [0, 1].forEach((axis) => {
      if (!isSeen) return;
      const i = 2 * joint + axis;
      spread += (pixels[joint]![axis]! - centre[axis]!) ** 2;
      usual += (this.#mean[i]! - mean[axis]!) ** 2 + this.#covariance[i * SIZE + i]!;
    }));
    const size = Math.sqrt(spread / Math.max(usual, 1e-9)) + 1e-9;
    const pose = pixels.map((point, joint) =>
      seen[joint] ? point.map((value, axis) => (value - centre[axis]!) / size) : [0, 0]);
    return { pose, size, centre };
  }

  #offset(pose: Points, seen: readonly boolean[]): Float64Array {
    return Float64Array.from({ length: SIZE }, (_, i) =>
      seen[i >> 1] ? pose[i >> 1]![i % 2]! - this.#mean[i]! : 0);
  }

  /** (Σss + noise)⁻¹, inverted once for all poses of late that show the same joints. */
  #precision(seen: readonly boolean[]): Float64Array {
    const key = seen.map(Number).join("");
    const found = this.#precisions.get(key) ?? this.#invert(seen);
    if (this.#precisions.size >= PATTERNS) this.#precisions.clear();
    this.#precisions.set(key, found);
    return found;
  }

  /** Joints that are not seen are taken out by zeros. */
  #invert(seen: readonly boolean[]): Float64Array {
    const system = new Float64Array(SIZE * SIZE);
    for (let i = 0; i < SIZE; i++) {
      for (let j = 0; j < SIZE; j++) {
        if (seen[i >> 1] && seen[j >> 1]) system[i * SIZE + j] = this.#free[i * SIZE + j]!;
      }
      system[i * SIZE + i]! += seen[i >> 1] ? NOISE : 1;
    }
    return inverse(system, SIZE);
  }
}
