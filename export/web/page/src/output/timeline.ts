// Several people on one clock of a constant rate, as synpose_tf/output/timeline.py.

import { median } from "../pose/vector.ts";

const RATE_OF_A_STILL = 30;
const LONGEST = 1_000_000; // Frames of a constant rate.

export interface Timeline {
  rate: number;
  rows: number[][]; // For each person the index of a frame at each moment, -1 for none.
}

const microseconds = (time: number): number => Math.round(time * 1e6);

/** Each frame goes to the moment that is nearest; of two at one moment the later one counts. */
export function constantRate(people: readonly (readonly number[])[]): Timeline {
  const distinct = new Map(people.flat().map((time) => [microseconds(time), time]));
  const times = [...distinct.values()].sort((a, b) => a - b);
  const first = times[0]!, span = times[times.length - 1]! - first;
  const steps = times.slice(1).map((time, i) => time - times[i]!);
  const count = steps.length ? Math.round(span / median(steps)) + 1 : 1;
  if (count > LONGEST) throw new Error("The times leave gaps that are too long for a BVH file.");
  const step = count > 1 ? span / (count - 1) : 1;
  const rows = people.map((own) => {
    const row = Array<number>(count).fill(-1);
    own.forEach((time, i) => {
      row[Math.min(Math.round((time - first) / step), count - 1)] = i;
    });
    return row;
  });
  return { rate: count > 1 ? (count - 1) / span : RATE_OF_A_STILL, rows };
}

/** A row with the last frame that has a pose in place of missing ones; before, the first one. */
export function hold(row: readonly number[], hasPose: readonly boolean[]): number[] {
  const good = (index: number) => index >= 0 && hasPose[index]!;
  let last = row.find(good)!;
  return row.map((index) => (last = good(index) ? index : last));
}
