// A pose in words, for people who don't see the canvas.

import { jointIndex } from "../pose/skeleton.ts";
import { dot, length, subtract, type Points } from "../pose/vector.ts";
import type { Person } from "./person.ts";

const BENDS = { elbow: ["Shoulder", "Elbow", "Wrist"], knee: ["Hip", "Knee", "Ankle"] } as const;

/** Degrees between two bones at a joint; 180 is stretched. */
function angle(pose: Points, [a, b, c]: readonly string[], side: "L" | "R"): number {
  const [from, at, to] = [a, b, c].map((name) => pose[jointIndex(side + name)]!) as [
    number[], number[], number[]];
  const one = subtract(from, at), other = subtract(to, at);
  const cosine = dot(one, other) / Math.max(length(one) * length(other), 1e-9);
  return Math.round((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI);
}

export function describe(people: readonly Person[]): string {
  const posed = people.filter((person) => person.pose);
  if (!posed.length) return "Nobody is seen.";
  return posed.map(({ name, pose }) => {
    const bends = Object.entries(BENDS).map(([what, joints]) =>
      `${what}s left ${angle(pose!, joints, "L")}, right ${angle(pose!, joints, "R")} degrees`);
    return `${name}: ${bends.join("; ")}.`;
  }).join(" ");
}
