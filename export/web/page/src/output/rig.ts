// A skeleton of nodes for animation tools, and how they turn, as synpose_tf/output/rig.py. Stage
// frame, y up; at rest the person is a T that looks along +z, left along +x.

import type { Matrix } from "../pose/camera.ts";
import { BONES, JOINTS, jointIndex, MIRROR } from "../pose/skeleton.ts";
import { distance, length, median, scale, subtract, type Point, type Points } from "../pose/vector.ts";
import { aboutAxis, apply, compose, IDENTITY, shortestTurn, transpose } from "./rotation.ts";

export interface Node {
  name: string;
  parent: string | null;
  at: number; // The joint where it lies.
  turns: number | null; // The joint at the end of the bone that it turns; null for a frame.
  rest: Point; // That bone's direction at rest.
  frame: [left: number, right: number, lower: number, upper: number] | null;
}

const UP = [0, 1, 0], DOWN = [0, -1, 0], LEFT = [1, 0, 0], RIGHT = [-1, 0, 0];

const unit = (vector: Point) => scale(vector, 1 / length(vector));
const bone = (name: string, parent: string, at: string, turns: string, rest: Point): Node =>
  ({ name, parent, at: jointIndex(at), turns: jointIndex(turns), rest: unit(rest), frame: null });
const frame = (name: string, parent: string | null, at: string, ...joints: string[]): Node => ({
  name, parent, at: jointIndex(at), turns: null, rest: UP,
  frame: joints.map(jointIndex) as [number, number, number, number],
});
const tip = (name: string, parent: string, at: string): Node =>
  ({ name, parent, at: jointIndex(at), turns: null, rest: UP, frame: null });

export const NODES: readonly Node[] = [
  frame("Hips", null, "Hip", "LHip", "RHip", "Hip", "Spine"),
  bone("LHipJoint", "Hips", "Hip", "LHip", LEFT),
  bone("LeftUpLeg", "LHipJoint", "LHip", "LKnee", DOWN),
  bone("LeftLeg", "LeftUpLeg", "LKnee", "LAnkle", DOWN),
  bone("RHipJoint", "Hips", "Hip", "RHip", RIGHT),
  bone("RightUpLeg", "RHipJoint", "RHip", "RKnee", DOWN),
  bone("RightLeg", "RightUpLeg", "RKnee", "RAnkle", DOWN),
  bone("LowerBack", "Hips", "Hip", "Spine", UP),
  bone("Spine", "LowerBack", "Spine", "Thorax", UP),
  frame("Spine1", "Spine", "Thorax", "LShoulder", "RShoulder", "Spine", "Thorax"),
  bone("Neck", "Spine1", "Thorax", "Nose", [0, 0.85, 0.53]),
  bone("Head", "Neck", "Nose", "Head", [0, 0.62, -0.78]),
  bone("LeftShoulder", "Spine1", "Thorax", "LShoulder", LEFT),
  bone("LeftArm", "LeftShoulder", "LShoulder", "LElbow", LEFT),
  bone("LeftForeArm", "LeftArm", "LElbow", "LWrist", LEFT),
  bone("RightShoulder", "Spine1", "Thorax", "RShoulder", RIGHT),
  bone("RightArm", "RightShoulder", "RShoulder", "RElbow", RIGHT),
  bone("RightForeArm", "RightArm", "RElbow", "RWrist", RIGHT),
];

/** Where the outermost bones end. */
export const TIPS: readonly Node[] = [
  tip("LeftFoot", "LeftLeg", "LAnkle"),
  tip("RightFoot", "RightLeg", "RAnkle"),
  tip("HeadTop", "Head", "Head"),
  tip("LeftHand", "LeftForeArm", "LWrist"),
  tip("RightHand", "RightForeArm", "RWrist"),
];

const BY_NAME = new Map([...NODES, ...TIPS].map((node) => [node.name, node]));

/** Length of the bone to each joint: median over poses, mean of both sides. */
export function boneLengths(poses: readonly Points[]): number[] {
  const lengths = Array<number>(JOINTS).fill(0);
  for (const [child, parent] of BONES) {
    lengths[child] = median(poses.map((pose) => distance(pose[child]!, pose[parent]!)));
  }
  return lengths.map((value, joint) => (value + lengths[MIRROR[joint]!]!) / 2);
}

/** Where a node lies, seen from its parent. */
export function offset(node: Node, lengths: readonly number[]): number[] {
  const above = node.parent === null ? undefined : BY_NAME.get(node.parent);
  if (!above || above.at === node.at) return [0, 0, 0];
  return scale(above.rest, lengths[node.at]!);
}

/** How the nodes are turned in a pose, each seen from its parent, in the order of `NODES`. */
export function rotations(pose: Points): Matrix[] {
  const world = new Map<string, Matrix>();
  return NODES.map((node) => {
    const above = transpose((node.parent && world.get(node.parent)) || IDENTITY);
    const local = node.frame ? compose(above, turnOfFrame(pose, node.frame))
      : shortestTurn(node.rest, apply(above, subtract(pose[node.turns!]!, pose[node.at]!)));
    world.set(node.name, compose(transpose(above), local));
    return local;
  });
}

/** Takes y to `upper` - `lower` and x towards `left` - `right`. */
function turnOfFrame(pose: Points, [left, right, lower, upper]: NonNullable<Node["frame"]>): Matrix {
  const lean = shortestTurn(UP, subtract(pose[upper]!, pose[lower]!));
  const [x, , z] = apply(transpose(lean), subtract(pose[left]!, pose[right]!));
  const angle = Math.atan2(-z!, x!);
  return compose(lean, aboutAxis(UP, Math.sin(angle), Math.cos(angle)));
}
