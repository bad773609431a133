// How sure a detector must be of a joint to be believed, as synpose_tf/keypoints/belief.py.

import type { Point, Points } from "./vector.ts";
import { MISSED } from "./vector.ts";

const SHARE = 0.25; // Of the usual score, that which a quarter of the joints exceed.

/** What MediaPipe must be sure of: its joints in full view are at 0.99. */
export const LEAST_OF_MEDIAPIPE = SHARE;

/** The score below which a joint counts as missed, by all scores of a recording. */
export function leastConfidence(scores: readonly number[]): number {
  const known = scores.filter((score) => score > 0).sort((a, b) => a - b);
  if (!known.length) return 0;
  const place = 0.75 * (known.length - 1), below = Math.floor(place);
  const above = known[Math.min(below + 1, known.length - 1)]!;
  return SHARE * (known[below]! + (place - below) * (above - known[below]!));
}

/** Joints (x, y) of (x, y, score), NaN where the detector is not sure or marks none. */
export function believed(joints: Points, least: number): Point[] {
  return joints.map(([x, y, score]) => {
    const marked = (x === 0 && y === 0) || (x === -1 && y === -1);
    return score! > 0 && score! >= least && !marked ? [x!, y!] : MISSED;
  });
}
