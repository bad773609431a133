// The people in 3D, side by side on a floor.

import { onFloor, turnedOver } from "../output/stage.ts";
import { BONES, SIDES } from "../pose/skeleton.ts";
import type { Points } from "../pose/vector.ts";
import type { Colours } from "./colours.ts";
import type { Orbit, Place } from "./orbit.ts";
import type { Person } from "./person.ts";
import { dot, halo, line, prepare, type Context } from "./shapes.ts";

const SPACING = 1200, CELL = 500, GROUND = 1500; // Millimetres.
const BONE = 34, JOINT = 27, SHADOW = 45;

/** A bone or a joint, drawn the later the nearer it is. */
interface Shape {
  depth: number;
  draw: () => void;
}

const at = ({ x, y }: Place): number[] => [x, y];

export function drawScene(
  context: Context, orbit: Orbit, people: readonly Person[], colours: Colours,
): void {
  const { width, height } = prepare(context);
  orbit.resize(width, height);
  const posed = people.filter((person) => person.pose)
    .sort((a, b) => a.keypoints[0]![0]! - b.keypoints[0]![0]!);
  orbit.across = 1800 + SPACING * Math.max(0, posed.length - 1);
  drawFloor(context, orbit, colours);
  const shapes = posed.flatMap((person, index) => {
    const place = (index - (posed.length - 1) / 2) * SPACING;
    const points = onFloor(turnedOver(person.pose!), place);
    drawShadow(context, orbit, points, colours);
    return shapesOf(context, orbit, points, person, colours);
  });
  shapes.sort((a, b) => b.depth - a.depth).forEach((shape) => shape.draw());
}

function shapesOf(
  context: Context, orbit: Orbit, points: Points, person: Person, colours: Colours,
): Shape[] {
  const places = points.map((point) => orbit.project(point));
  const nearest = places.map((place) => place.depth); // A joint lies on its bones.
  const bones = BONES.map(([child, parent]): Shape => {
    const from = places[parent]!, to = places[child]!;
    const depth = (from.depth + to.depth) / 2, wide = Math.max(2.5, BONE * from.scale);
    for (const joint of [child, parent]) nearest[joint] = Math.min(nearest[joint]!, depth);
    const draw = () => {
      halo(context, at(from), at(to), colours.panel, wide + 4);
      line(context, at(from), at(to), colours[SIDES[child]!], wide);
    };
    return { depth, draw };
  });
  const joints = places.map((place, joint): Shape => ({
    depth: nearest[joint]! - 1,
    draw: () => dot(context, at(place), Math.max(2.5, JOINT * place.scale), colours[SIDES[joint]!],
      person.inferred[joint] ? colours.panel : null),
  }));
  return [...bones, ...joints];
}

function drawFloor(context: Context, orbit: Orbit, colours: Colours): void {
  const reach = Math.ceil((GROUND + orbit.across / 2) / CELL) * CELL;
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  for (let x = -reach; x < reach; x += CELL) {
    for (let z = -reach; z < reach; z += CELL) {
      const away = Math.hypot(x + CELL / 2, z + CELL / 2) / reach;
      if (away > 1) continue;
      context.globalAlpha = 1 - away;
      context.beginPath();
      const corners = [[x + CELL, 0, z], [x, 0, z], [x, 0, z + CELL]];
      corners.forEach((corner) => context.lineTo(orbit.project(corner).x, orbit.project(corner).y));
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function drawShadow(context: Context, orbit: Orbit, points: Points, colours: Colours): void {
  const places = points.map(([x, , z]) => orbit.project([x!, 0, z!]));
  context.beginPath();
  for (const [child, parent] of BONES) {
    context.moveTo(places[parent]!.x, places[parent]!.y);
    context.lineTo(places[child]!.x, places[child]!.y);
  }
  context.globalAlpha = 0.14;
  context.strokeStyle = colours.shadow;
  context.lineWidth = Math.max(3, SHADOW * places[0]!.scale);
  context.stroke(); // In one stroke, so that crossings are no darker.
  context.globalAlpha = 1;
}
