// Points as plain arrays; an image point has 2 numbers, a point in space 3.

export type Point = readonly number[];
export type Points = readonly Point[];

export const MISSED: Point = [NaN, NaN];

export const subtract = (a: Point, b: Point): number[] => a.map((value, i) => value - b[i]!);
export const add = (a: Point, b: Point): number[] => a.map((value, i) => value + b[i]!);
export const scale = (a: Point, factor: number): number[] => a.map((value) => value * factor);
export const dot = (a: Point, b: Point): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);
export const length = (a: Point): number => Math.sqrt(dot(a, a));
export const distance = (a: Point, b: Point): number => length(subtract(a, b));
export const middle = (a: Point, b: Point): number[] => scale(add(a, b), 0.5);
export const isFinitePoint = (a: Point): boolean => a.every(Number.isFinite);

export const cross = (a: Point, b: Point): number[] => [
  a[1]! * b[2]! - a[2]! * b[1]!,
  a[2]! * b[0]! - a[0]! * b[2]!,
  a[0]! * b[1]! - a[1]! * b[0]!,
];

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** Lowest and highest of each coordinate of the points that are finite. */
export function extent(points: Points): { low: number[]; high: number[] } {
  const low: number[] = [], high: number[] = [];
  for (const point of points) {
    if (!isFinitePoint(point)) continue;
    point.forEach((value, axis) => {
      low[axis] = Math.min(low[axis] ?? Infinity, value);
      high[axis] = Math.max(high[axis] ?? -Infinity, value);
    });
  }
  return { low, high };
}
