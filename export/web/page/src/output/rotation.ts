// Rotations as matrices (3, 3), by rows.

import type { Matrix } from "../pose/camera.ts";
import { cross, dot, length, scale, type Point } from "../pose/vector.ts";

export const IDENTITY: Matrix = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

export const transpose = (m: Matrix): Matrix => [0, 1, 2].map((i) => m.map((row) => row[i]!));
export const apply = (m: Matrix, point: Point): number[] => m.map((row) => dot(row, point));

export function compose(a: Matrix, b: Matrix): Matrix {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
}

/** By Rodrigues' formula; the axis is a unit vector. */
export function aboutAxis([x, y, z]: Point, sine: number, cosine: number): Matrix {
  const t = 1 - cosine;
  return [
    [cosine + x! * x! * t, x! * y! * t - z! * sine, x! * z! * t + y! * sine],
    [y! * x! * t + z! * sine, cosine + y! * y! * t, y! * z! * t - x! * sine],
    [z! * x! * t - y! * sine, z! * y! * t + x! * sine, cosine + z! * z! * t],
  ];
}

/** The shortest turn of a unit vector to the direction of another; none for a zero vector. */
export function shortestTurn(start: Point, end: Point): Matrix {
  const across = cross(start, end);
  const sine = length(across);
  const angle = Math.atan2(sine, dot(start, end));
  if (angle === 0) return IDENTITY;
  const axis = sine > 1e-12 ? across : cross(start, Math.abs(start[0]!) < 0.9 ? [1, 0, 0] : [0, 1, 0]);
  return aboutAxis(scale(axis, 1 / length(axis)), Math.sin(angle), Math.cos(angle));
}

/** Degrees about z, x and y of a rotation Rz Rx Ry. */
export function eulerZXY(m: Matrix): number[] {
  const x = Math.asin(Math.max(-1, Math.min(1, m[2]![1]!)));
  const z = Math.atan2(-m[0]![1]!, m[1]![1]!);
  const y = Math.atan2(-m[2]![0]!, m[2]![2]!);
  return [z, x, y].map((angle) => (angle * 180) / Math.PI);
}
