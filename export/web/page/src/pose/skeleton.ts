// Human3.6M's 17 joints, and the joints that detectors give. As synpose_tf/structures/skeleton.py
// and keypoints/layouts.py: a joint that means the same point of the body has the same name.

export interface Skeleton {
  name: string;
  joints: readonly string[];
}

export const H36M_17: Skeleton = {
  name: "Human3.6M-17",
  joints: [
    "Hip", "RHip", "RKnee", "RAnkle", "LHip", "LKnee", "LAnkle", "Spine", "Thorax",
    "Nose", "Head", "LShoulder", "LElbow", "LWrist", "RShoulder", "RElbow", "RWrist",
  ],
};
export const JOINTS = H36M_17.joints.length;
export const PARENTS = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15];

/** (child, parent) of each bone. */
export const BONES = PARENTS.map((parent, child) => [child, parent] as const).slice(1);

/** The joint on the other side of the body, or the joint itself. */
export const MIRROR = H36M_17.joints.map((name, index) => {
  const other = { L: "R", R: "L" }[name[0]!];
  const found = other ? H36M_17.joints.indexOf(other + name.slice(1)) : -1;
  return found < 0 ? index : found;
});

export type Side = "left" | "right" | "middle";

/** The side of the body of each joint, and of the bone that ends there. */
export const SIDES: readonly Side[] = H36M_17.joints.map((name, index) =>
  MIRROR[index] === index ? "middle" : name[0] === "L" ? "left" : "right");

export function jointIndex(name: string): number {
  const index = H36M_17.joints.indexOf(name);
  if (index < 0) throw new Error(`${name}: no such joint`);
  return index;
}

/** For each joint of `target` its index in `source`, or null where it has none. */
export function jointMap(source: Skeleton, target: Skeleton): (number | null)[] {
  return target.joints.map((name) => {
    const index = source.joints.indexOf(name);
    return index < 0 ? null : index;
  });
}
