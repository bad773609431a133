// Who is who from frame to frame, as synpose_tf/keypoints/following.py: each person continues the
// track whose last pose is nearest, if that is nearer than half the pose's size. What that file says
// of sizes that change, and of who is seen once, is left to it.

import { distance, extent, isFinitePoint, type Points } from "./vector.ts";

const MAX_GAP = 30; // Frames that a person may be away.
const MAX_STEP = 0.5; // Of the pose's size, the diagonal of its bounding box.

interface Track {
  label: number;
  frame: number;
  joints: Points;
}

/** Mean distance of the joints that both poses show, in sizes of the other pose. */
export function posesApart(joints: Points, other: Points): number {
  let total = 0, shared = 0;
  joints.forEach((point, joint) => {
    if (!isFinitePoint(point) || !isFinitePoint(other[joint]!)) return;
    total += distance(point, other[joint]!);
    shared += 1;
  });
  if (!shared) return Infinity;
  const { low, high } = extent(other);
  const size = Math.hypot(...low.map((value, axis) => Math.max(high[axis]! - value, 1)));
  return total / shared / size;
}

export class Follower {
  #tracks: Track[] = [];
  #count = 0;

  /** Numbers from 0 for the people of a frame, joints in pixels, NaN where missed. */
  follow(frame: number, people: readonly Points[]): number[] {
    this.#tracks = this.#tracks.filter((track) => track.frame >= frame - MAX_GAP);
    const labels: (number | null)[] = people.map(() => null);
    const pairs = people.flatMap((joints, person) => this.#tracks.map((track) =>
      ({ person, track, step: posesApart(joints, track.joints) })));
    const taken = new Set<Track>();
    for (const { person, track, step } of pairs.sort((a, b) => a.step - b.step)) {
      if (step > MAX_STEP || labels[person] !== null || taken.has(track)) continue;
      labels[person] = track.label;
      taken.add(track);
    }
    const found = labels.map((label) => label ?? this.#count++);
    this.#tracks = [
      ...this.#tracks.filter((track) => !taken.has(track)),
      ...found.map((label, person) => ({ label, frame, joints: people[person]! })),
    ];
    return found;
  }
}
