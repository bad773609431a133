// People on a level floor, as synpose_tf/output/stage.py where nobody's path is known: side by side,
// each pose with its lowest joint on the floor. x right, y up, z towards the camera, millimetres.

import { BONES, jointIndex } from "../pose/skeleton.ts";
import { add, distance, length, middle, scale, subtract, type Points } from "../pose/vector.ts";
import { apply, shortestTurn } from "./rotation.ts";

const SPACING = 1200; // Millimetres between people.
const STRETCHED = 0.95; // Of full length, from when on a body counts as standing
const LARGEST_TILT = Math.PI / 6; // and at a larger angle it does not.
const LEGS = ["RKnee", "RAnkle", "LKnee", "LAnkle"].map(jointIndex);
const TRUNK = ["Spine", "Thorax"].map(jointIndex);
const [LEFT, RIGHT, THORAX] = ["LAnkle", "RAnkle", "Thorax"].map(jointIndex) as [
  number, number, number];
const LENGTH_OF = new Map(BONES);

/** A pose of the camera's frame, half a turn about x. */
export const turnedOver = (pose: Points): number[][] =>
  pose.map(([x, y, z]) => [x!, -y!, -z!]);

/** The poses of people, null where there is none, in the stage's frame. */
export function setOnStage(people: readonly (readonly (Points | null)[])[]): (Points | null)[][] {
  const turned = people.map((poses) => poses.map((pose) => pose && turnedOver(pose)));
  const up = uprightOf(turned.flat().filter((pose) => pose !== null));
  const level = shortestTurn(scale(up, 1 / length(up)), [0, 1, 0]);
  return turned.map((poses, person) => {
    const place = (person - (people.length - 1) / 2) * SPACING;
    return poses.map((pose) => pose && onFloor(pose.map((p) => apply(level, p)), place));
  });
}

/** A pose whose lowest joint is on the floor, at a place in the row. */
export function onFloor(pose: Points, place: number): number[][] {
  const lowest = Math.min(...pose.map((point) => point[1]!));
  return pose.map((point) => add(point, [place, -lowest, 0]));
}

/** Up, as those tell who stand stretched, from the ankles to the thorax. */
function uprightOf(poses: readonly Points[]): number[] {
  const bodies = poses.map(standing).filter((body) => body !== null);
  const sum = bodies.reduce((total, body) => add(total, body), [0, 0, 0]);
  return bodies.length ? [sum[0]! / sum[1]!, 1, sum[2]! / sum[1]!] : [0, 1, 0];
}

function standing(pose: Points): number[] | null {
  const bone = (joint: number) => distance(pose[joint]!, pose[LENGTH_OF.get(joint)!]!);
  const total = (joints: readonly number[]) => joints.reduce((sum, joint) => sum + bone(joint), 0);
  const full = total(LEGS) / 2 + total(TRUNK);
  const body = subtract(pose[THORAX]!, middle(pose[LEFT]!, pose[RIGHT]!));
  const height = length(body);
  const angle = Math.acos(Math.max(-1, Math.min(1, body[1]! / Math.max(height, 1e-9))));
  return height > STRETCHED * full && angle < LARGEST_TILT ? body : null;
}
