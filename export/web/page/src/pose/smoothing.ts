// The One-Euro filter (Casiez, Roussel, Vogel, CHI 2012), as synpose_tf/inference/smoothing.py: each
// joint has one cutoff, which rises with its speed in space.

import { add, length, scale, subtract, type Point, type Points } from "./vector.ts";

const SPEED_CUTOFF = 1; // Hz, of the filter of the speed.

interface State {
  value: Point;
  velocity: Point;
  before: Point;
}

const weight = (cutoff: number, step: number): number =>
  1 / (1 + 1 / (2 * Math.PI * cutoff * step));

export class OneEuro {
  readonly #cutoff: number;
  readonly #beta: number;
  #joints: State[] = [];
  #time = NaN;

  /** `cutoff` in Hz at rest; `beta` is what it rises by for each millimetre a second. */
  constructor(cutoff = 1, beta = 0.008) {
    this.#cutoff = cutoff;
    this.#beta = beta;
  }

  /** The next pose, filtered; `time` in seconds, later than the last one. */
  filter(pose: Points, time: number): Point[] {
    const step = time - this.#time;
    if (!(step > 0)) {
      this.#joints = pose.map((point) =>
        ({ value: point, velocity: point.map(() => 0), before: point }));
    } else {
      this.#joints = pose.map((point, joint) => this.#next(this.#joints[joint]!, point, step));
    }
    this.#time = time;
    return this.#joints.map((joint) => joint.value);
  }

  #next({ value, velocity, before }: State, point: Point, step: number): State {
    const speed = scale(subtract(point, before), 1 / step);
    velocity = add(velocity, scale(subtract(speed, velocity), weight(SPEED_CUTOFF, step)));
    const cutoff = this.#cutoff + this.#beta * length(velocity);
    value = add(value, scale(subtract(point, value), weight(cutoff, step)));
    return { value, velocity, before: point };
  }
}
