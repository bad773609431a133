// Pixels with gaps to poses in millimetres, as synpose_tf/inference/lifter.py.

import type { Intrinsics } from "./camera.ts";
import type { Completion } from "./completion.ts";
import { lift, normalize2d, type Mode } from "./normalization.ts";
import { isPerson } from "./plausibility.ts";
import { BONES } from "./skeleton.ts";
import { distance, isFinitePoint, scale, type Point, type Points } from "./vector.ts";

const BONES_PER_STATURE = 2.4; // Sum of the 16 bones over stature.

/** 17 depths of a normalised 2D pose. */
export type Depths = (pose: Points) => Promise<ArrayLike<number>>;

export interface Lifted {
  pose: number[][]; // 17 joints in millimetres, camera frame, relative to the hip.
  keypoints: number[][]; // Pixels, gaps filled in.
  inferred: boolean[]; // Where a gap was filled in.
}

/** Where the joints of a person are believed to be, without gaps. */
export function fillGaps(keypoints: Points, completion: Completion) {
  let seen = keypoints.map(isFinitePoint);
  const known = keypoints.map((point, joint): Point => (seen[joint] ? point : [0, 0]));
  const doubted = completion.distribution.outliers(known, seen);
  seen = seen.map((isSeen, joint) => isSeen && !doubted[joint]);
  const complete = seen.every(Boolean)
    ? known.map((point) => [...point]) : completion.complete(known, seen);
  return { complete, inferred: seen.map((isSeen) => !isSeen) };
}

/** The millimetres of one unit of a pose of somebody of that height, millimetres. */
export function unitOf(pose: Points, bodyHeight: number): number {
  const sum = BONES.reduce((total, [a, b]) => total + distance(pose[a]!, pose[b]!), 0);
  return (bodyHeight * BONES_PER_STATURE) / sum;
}

export class Lifter {
  depths: Depths;
  readonly completion: Completion;
  readonly mode: Mode;
  readonly #distance: number;

  /** `distance` is the camera's that `paper` mode assumes, in mean radii. */
  constructor(depths: Depths, completion: Completion, mode: Mode, distance: number) {
    this.depths = depths;
    this.completion = completion;
    this.mode = mode;
    this.#distance = distance;
  }

  /** Lifts 17 joints in pixels, NaN where missed; null where they are no person. */
  async lift(
    keypoints: Points, intrinsics: Intrinsics | null, bodyHeight: number,
  ): Promise<Lifted | null> {
    if (!isPerson(keypoints)) return null;
    const { complete, inferred } = fillGaps(keypoints, this.completion);
    const { pose, frame } = normalize2d(complete, this.mode, this.#distance, intrinsics);
    const lifted = lift(pose, await this.depths(pose), frame);
    const unit = unitOf(lifted, bodyHeight);
    return { pose: lifted.map((point) => scale(point, unit)), keypoints: complete, inferred };
  }
}
