// Whether joints can be a person's at all, as synpose_tf/keypoints/plausibility.py.

import { distance, extent, isFinitePoint, type Points } from "./vector.ts";

export const MIN_JOINTS = 3; // Fewer fix neither place nor size.
const SMALLEST = 8; // Pixels: the diagonal of the smallest person.
const FLATTEST = 0.01; // Of the spread along, the spread across.
const ENOUGH_FOR_FLAT = 6; // Joints.

/** Whether joints in pixels, NaN where missed, are enough, large enough and not on a line. */
export function isPerson(joints: Points): boolean {
  const seen = joints.filter(isFinitePoint);
  if (seen.length < MIN_JOINTS) return false;
  const { low, high } = extent(seen);
  if (distance(low, high) < SMALLEST) return false;
  if (seen.length < ENOUGH_FOR_FLAT) return true;
  const centre = [0, 1].map((axis) => seen.reduce((sum, p) => sum + p[axis]!, 0) / seen.length);
  let xx = 0, xy = 0, yy = 0;
  for (const point of seen) {
    const x = point[0]! - centre[0]!, y = point[1]! - centre[1]!;
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  const mean = (xx + yy) / 2, apart = Math.hypot((xx - yy) / 2, xy);
  return mean - apart > FLATTEST ** 2 * (mean + apart);
}
