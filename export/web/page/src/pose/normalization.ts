// Pixels to what the lifter sees, and back, as synpose_tf/geometry/normalization.py: the hip at the
// origin, the mean distance of the other joints from it 1.

import {
  pixelToRay, rotateRays, unrotate, virtualRotation, type Intrinsics, type Matrix,
} from "./camera.ts";
import { subtract, type Point, type Points } from "./vector.ts";

/** `paper` needs pixels alone, `camera` the intrinsics too. */
export type Mode = "paper" | "camera";

const ROOT = 0;
const EPSILON = 1e-9; // Keeps a pose of one point finite.

/** What normalising took away. */
export interface ImageFrame {
  root: Point;
  scale: number;
  perspective: number;
  rotation: Matrix | null;
}

function planarRadius(centred: Points): number {
  const distances = centred.map(([x, y]) => Math.sqrt(x! * x! + y! * y! + EPSILON ** 2));
  const sum = distances.reduce((total, value) => total + value, 0);
  return (sum - distances[ROOT]!) / (distances.length - 1);
}

function centre(points: Points): { pose: number[][]; root: Point; scale: number } {
  const root = points[ROOT]!;
  const centred = points.map((point) => subtract(point, root));
  const scale = planarRadius(centred);
  return { pose: centred.map((point) => point.map((value) => value / scale)), root, scale };
}

/**
 * Normalises 17 joints in pixels, all of them finite.
 *
 * `distance` is that of the camera which `paper` mode assumes, in mean radii; 0 is infinitely far.
 */
export function normalize2d(
  pixels: Points, mode: Mode, distance: number, intrinsics: Intrinsics | null = null,
): { pose: number[][]; frame: ImageFrame } {
  if (mode === "paper") {
    const { pose, root, scale } = centre(pixels);
    const perspective = distance ? 1 / distance : 0;
    return { pose, frame: { root, scale, perspective, rotation: null } };
  }
  if (!intrinsics) throw new Error("camera mode needs the intrinsics");
  const rays = pixels.map((point) => pixelToRay(point, intrinsics));
  const rotation = virtualRotation(rays[ROOT]!);
  const { pose, scale } = centre(rotateRays(rays, rotation));
  return { pose, frame: { root: rays[ROOT]!, scale, perspective: scale, rotation } };
}

/** 17 points in space, relative to the hip, of a normalised pose and its 17 depths. */
export function lift(pose: Points, depths: ArrayLike<number>, frame: ImageFrame): number[][] {
  return pose.map(([x, y], joint) => {
    const z = depths[joint]!;
    const near = 1 + frame.perspective * z;
    const point = [x! * near, y! * near, z];
    return frame.rotation ? unrotate(point, frame.rotation) : point;
  });
}
