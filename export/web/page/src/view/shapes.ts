// Bones and joints on a canvas.

import type { Point } from "../pose/vector.ts";

export type Context = CanvasRenderingContext2D;

/** Fits a canvas to its place on the screen and clears it; gives its size in CSS pixels. */
export function prepare(context: Context): { width: number; height: number } {
  const { canvas } = context;
  const ratio = devicePixelRatio || 1, { clientWidth, clientHeight } = canvas;
  const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, clientWidth, clientHeight);
  context.lineCap = context.lineJoin = "round";
  return { width: clientWidth, height: clientHeight };
}

export function line(context: Context, from: Point, to: Point, colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(from[0]!, from[1]!);
  context.lineTo(to[0]!, to[1]!);
  context.stroke();
}

/** A gap in what lies behind a bone, away from its joints. */
export function halo(context: Context, from: Point, to: Point, colour: string, width: number): void {
  const along = (share: number) => from.map((value, axis) => value + (to[axis]! - value) * share);
  context.lineCap = "butt";
  line(context, along(0.15), along(0.85), colour, width);
  context.lineCap = "round";
}

/** A joint; hollow where it was inferred. */
export function dot(
  context: Context, [x, y]: Point, radius: number, colour: string, hollow: string | null,
): void {
  context.beginPath();
  context.arc(x!, y!, hollow ? radius * 1.25 : radius, 0, 2 * Math.PI);
  context.fillStyle = hollow ?? colour;
  context.fill();
  if (!hollow) return;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1.5, radius * 0.55);
  context.stroke();
}
