// Poses as BVH, the motion format of animation tools, as synpose_tf/output/bvh_file.py: centimetres,
// y up, rotations Rz Rx Ry.

import { scale, type Points } from "../pose/vector.ts";
import { boneLengths, NODES, offset, rotations, TIPS, type Node } from "./rig.ts";
import { eulerZXY } from "./rotation.ts";
import { setOnStage } from "./stage.ts";
import { constantRate, hold } from "./timeline.ts";

const MM_PER_UNIT = 10;

export interface Motion {
  times: readonly number[]; // Seconds, increasing.
  poses: readonly (Points | null)[]; // Camera frame, millimetres.
}

/** One file for each person who has a pose; frames without one hold the last one. */
export function bvhFiles(people: readonly Motion[]): string[] {
  const clock = constantRate(people.map((person) => person.times));
  const staged = setOnStage(people.map((person) => person.poses));
  return staged.flatMap((poses, person) => {
    const hasPose = poses.map((pose) => pose !== null);
    if (!hasPose.some(Boolean)) return [];
    const row = hold(clock.rows[person]!, hasPose);
    const held = row.map((index) => poses[index]!.map((point) => scale(point, 1 / MM_PER_UNIT)));
    return [bvhFile(held, 1 / clock.rate)];
  });
}

function bvhFile(poses: readonly Points[], frameTime: number): string {
  const lengths = boneLengths(poses);
  const last: number[] = [];
  const motion = poses.map((pose) => {
    const angles = rotations(pose).flatMap(eulerZXY);
    angles.forEach((angle, i) => (last[i] = unwrapped(angle, last[i])));
    return text([...pose[0]!, ...last]);
  });
  return [
    "HIERARCHY", ...hierarchy(NODES[0]!, lengths, ""),
    "MOTION", `Frames: ${poses.length}`, `Frame Time: ${frameTime.toFixed(7)}`, ...motion, "",
  ].join("\n");
}

/** The angle that is nearest to the one before, a full turn more or less. */
function unwrapped(angle: number, before: number | undefined): number {
  return before === undefined ? angle : angle - 360 * Math.round((angle - before) / 360);
}

function hierarchy(node: Node, lengths: readonly number[], indent: string): string[] {
  const inner = `${indent}  `;
  const position = node.parent ? "" : "Xposition Yposition Zposition ";
  const children = NODES.filter((child) => child.parent === node.name)
    .flatMap((child) => hierarchy(child, lengths, inner));
  const ends = TIPS.filter((tip) => tip.parent === node.name).flatMap((tip) => [
    `${inner}End Site`, `${inner}{`, `${inner}  OFFSET ${text(offset(tip, lengths))}`, `${inner}}`,
  ]);
  return [
    `${indent}${node.parent ? "JOINT" : "ROOT"} ${node.name}`, `${indent}{`,
    `${inner}OFFSET ${text(offset(node, lengths))}`,
    `${inner}CHANNELS ${node.parent ? 3 : 6} ${position}Zrotation Xrotation Yrotation`,
    ...children, ...ends, `${indent}}`,
  ];
}

const text = (vector: readonly number[]): string =>
  vector.map((value) => value.toFixed(4).replace(/^-(0\.0000)$/, "$1")).join(" ");
