// Frames a second and milliseconds, over the last frames.

import { median } from "./pose/vector.ts";

const LAST = 30;

export class Rates {
  readonly #frames: number[] = [];
  readonly #times = { detector: [] as number[], lifter: [] as number[] };

  /** Milliseconds of `work`, kept under a name. */
  async measure<T>(name: "detector" | "lifter", work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await work();
    keep(this.#times[name], performance.now() - start);
    return result;
  }

  frame(): void {
    keep(this.#frames, performance.now());
  }

  get fps(): number {
    const count = this.#frames.length - 1;
    return count < 1 ? 0 : (1000 * count) / (this.#frames[count]! - this.#frames[0]!);
  }

  /** Median milliseconds. */
  of(name: "detector" | "lifter"): number {
    return this.#times[name].length ? median(this.#times[name]) : 0;
  }

  clear(): void {
    for (const values of [this.#frames, this.#times.detector, this.#times.lifter]) values.length = 0;
  }
}

function keep(values: number[], value: number): void {
  values.push(value);
  if (values.length > LAST) values.shift();
}
