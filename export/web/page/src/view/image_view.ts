// The picture with the joints that were lifted on it.

import { BONES, SIDES } from "../pose/skeleton.ts";
import { extent, isFinitePoint, type Point } from "../pose/vector.ts";
import type { Colours } from "./colours.ts";
import type { Person } from "./person.ts";
import { dot, line, prepare, type Context } from "./shapes.ts";

const MARGIN = 24;

/** What lies where: the picture's size in pixels, and of keypoints alone where they are. */
interface Frame {
  low: Point;
  high: Point;
}

export function drawImage(
  context: Context, picture: CanvasImageSource | null, size: readonly [number, number] | null,
  people: readonly Person[], colours: Colours, mirrored: boolean,
): void {
  const { width, height } = prepare(context);
  const frame = size ? { low: [0, 0], high: size } : around(people);
  if (!frame) return;
  const [spanX, spanY] = [0, 1].map((axis) => Math.max(1, frame.high[axis]! - frame.low[axis]!));
  const margin = picture ? 0 : MARGIN;
  const scale = Math.min((width - 2 * margin) / spanX!, (height - 2 * margin) / spanY!);
  const left = (width - spanX! * scale) / 2, top = (height - spanY! * scale) / 2;
  const place = ([x, y]: Point): number[] => {
    const across = left + (x! - frame.low[0]!) * scale;
    return [mirrored ? width - across : across, top + (y! - frame.low[1]!) * scale];
  };
  if (picture) {
    context.save();
    if (mirrored) context.transform(-1, 0, 0, 1, width, 0);
    context.drawImage(picture, left, top, spanX! * scale, spanY! * scale);
    context.restore();
  } else if (size) {
    context.strokeStyle = colours.grid;
    context.lineWidth = 1;
    context.strokeRect(left, top, spanX! * scale, spanY! * scale);
  }
  people.forEach((person) => drawPerson(context, person, place, colours));
}

function around(people: readonly Person[]): Frame | null {
  const found = extent(people.flatMap((person) => person.keypoints));
  return found.low.length ? found : null;
}

function drawPerson(
  context: Context, person: Person, place: (point: Point) => number[], colours: Colours,
): void {
  const places = person.keypoints.map((point) => (isFinitePoint(point) ? place(point) : null));
  for (const outline of [true, false]) {
    for (const [child, parent] of BONES) {
      if (!places[child] || !places[parent]) continue;
      const colour = outline ? colours.panel : colours[SIDES[child]!];
      line(context, places[parent]!, places[child]!, colour, outline ? 6 : 3.5);
    }
  }
  places.forEach((point, joint) => point && dot(context, point, 3.5, colours[SIDES[joint]!],
    person.inferred[joint] ? colours.panel : null));
}
