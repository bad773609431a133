// The lens, and the virtual camera that looks at the hip, as synpose_tf/geometry/camera.py.
// Intrinsics are [fx, fy, cx, cy, k1, k2, p1, p2, k3], pixels and OpenCV's distortion.

import { dot, type Point, type Points } from "./vector.ts";

export type Intrinsics = readonly number[];
export type Matrix = readonly Point[];

const ITERATIONS = 10;

/** The intrinsics of a lens without distortion that sees so many degrees across. */
export function pinhole(width: number, height: number, degrees: number): Intrinsics {
  const focal = width / 2 / Math.tan((degrees * Math.PI) / 360);
  return [focal, focal, width / 2, height / 2, 0, 0, 0, 0, 0];
}

function distort([x, y]: Point, [, , , , k1, k2, p1, p2, k3]: Intrinsics): [number, number] {
  const r2 = x! * x! + y! * y!;
  const radial = 1 + r2 * (k1! + r2 * (k2! + r2 * k3!));
  return [
    x! * radial + 2 * p1! * x! * y! + p2! * (r2 + 2 * x! * x!),
    y! * radial + p1! * (r2 + 2 * y! * y!) + 2 * p2! * x! * y!,
  ];
}

/** The undistorted image point (X/Z, Y/Z) of a pixel. */
export function pixelToRay([u, v]: Point, intrinsics: Intrinsics): number[] {
  const [fx, fy, cx, cy] = intrinsics;
  const seen = [(u! - cx!) / fx!, (v! - cy!) / fy!];
  let ray = seen;
  for (let i = 0; i < ITERATIONS; i++) {
    const again = distort(ray, intrinsics);
    ray = [ray[0]! + seen[0]! - again[0], ray[1]! + seen[1]! - again[1]];
  }
  return ray;
}

/** Turns the camera's axis onto a ray: yaw, then pitch; the horizon stays level. */
export function virtualRotation([x, y]: Point): Matrix {
  const horizontal = Math.sqrt(1 + x! * x!), whole = Math.sqrt(1 + x! * x! + y! * y!);
  const cosYaw = 1 / horizontal, sinYaw = x! / horizontal;
  const cosPitch = horizontal / whole, sinPitch = y! / whole;
  return [
    [cosYaw, 0, -sinYaw],
    [-sinPitch * sinYaw, cosPitch, -sinPitch * cosYaw],
    [cosPitch * sinYaw, sinPitch, cosPitch * cosYaw],
  ];
}

export const rotate = (point: Point, rotation: Matrix): number[] =>
  rotation.map((row) => dot(row, point));

export const unrotate = (point: Point, rotation: Matrix): number[] =>
  [0, 1, 2].map((column) => rotation.reduce((sum, row, i) => sum + row[column]! * point[i]!, 0));

/** Rays as the turned camera sees them. */
export function rotateRays(rays: Points, rotation: Matrix): number[][] {
  return rays.map(([x, y]) => {
    const turned = rotate([x!, y!, 1], rotation);
    return [turned[0]! / turned[2]!, turned[1]! / turned[2]!];
  });
}
