// From a detector's joints to Human3.6M's 17, as synpose_tf/keypoints/conversion.py: by name; a hip
// that is not there is the middle of left and right hip; all else that is not there is missed.

import { H36M_17, jointIndex, jointMap, type Skeleton } from "./skeleton.ts";
import { isFinitePoint, middle, MISSED, type Point, type Points } from "./vector.ts";

const HIP = jointIndex("Hip"), LEFT = jointIndex("LHip"), RIGHT = jointIndex("RHip");

/** 17 joints (x, y) in pixels, NaN where missed, of joints in a detector's layout. */
export function toH36m(joints: Points, layout: Skeleton): Point[] {
  const found = jointMap(layout, H36M_17).map((index): Point =>
    index !== null && isFinitePoint(joints[index]!) ? joints[index]! : MISSED);
  if (!isFinitePoint(found[HIP]!)) found[HIP] = middle(found[LEFT]!, found[RIGHT]!);
  return found;
}
