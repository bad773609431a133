// Keypoints from JSON files: a detector's landmarks as docs/lift.md has them, the poses that this
// page saves, COCO's results, OpenPose's frames. Python reads many more.

import { LAYOUTS } from "../pose/layouts.ts";
import type { Skeleton } from "../pose/skeleton.ts";
import type { Points } from "../pose/vector.ts";

export interface RecordedFrame {
  frame: number;
  time: number;
  people: Points[]; // Joints of the layout: x and y in pixels, score.
}

export interface Recorded {
  layout: Skeleton;
  imageSize: [number, number] | null;
  frames: RecordedFrame[];
}

const FPS = 30;
const BY_COUNT: Record<number, string> = { 17: "coco", 18: "openpose18", 25: "body25", 26: "halpe26" };

type Tree = any; // What a file holds is told by looking at it.

/** Reads the files of one recording; OpenPose has one for each frame. */
export async function readKeypoints(files: readonly File[]): Promise<Recorded> {
  const trees: Tree[] = [];
  for (const file of [...files].sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }))) {
    try {
      trees.push(JSON.parse(await file.text()));
    } catch {
      throw new Error(`${file.name}: is no JSON. Keypoints come as .json; other formats are read by `
        + "python -m synpose_tf.lift.");
    }
  }
  const name = files[0]!.name, first = trees[0];
  try {
    const recorded = first?.format === "mediapipe-pose-landmarks" ? ofLandmarks(first)
      : first?.format === "synpose_tf poses" ? ofPoses(first)
      : Array.isArray(first) ? ofResults(first)
      : Array.isArray(first?.people) ? ofOpenPose(trees) : null;
    if (recorded?.frames.some((frame) => frame.people.length)) return recorded;
  } catch {
    // What is missing inside of it is of no use to anybody here.
  }
  throw new Error(`${name}: holds no keypoints that this page knows. It reads MediaPipe landmarks, `
    + "COCO results, OpenPose frames and its own JSON; python -m synpose_tf.lift reads more.");
}

function ofLandmarks(tree: Tree): Recorded {
  const [width, height] = tree.image_size.map(Number);
  const landmark = (m: Tree) => Array.isArray(m)
    ? [m[0] * width, m[1] * height, m[3] ?? 1] : [m.x * width, m.y * height, m.visibility ?? 1];
  const frames = tree.frames.map((entry: Tree, index: number): RecordedFrame => ({
    frame: entry.frame ?? index,
    time: entry.time ?? (entry.frame ?? index) / (tree.fps ?? FPS),
    people: entry.people.map((person: Tree) => person.landmarks.map(landmark)),
  }));
  const layout = LAYOUTS[tree.layout ?? "mediapipe"];
  if (!layout) throw new Error(`${tree.layout} is no known layout`);
  return { layout, imageSize: [width, height], frames };
}

function ofPoses(tree: Tree): Recorded {
  const joint = (point: Tree, name: string, inferred: string[]) =>
    point && !inferred.includes(name) ? [...point, 1] : [0, 0, 0];
  const frames = new Map<number, RecordedFrame>();
  for (const track of tree.tracks) {
    for (const { frame, time, keypoints, inferred } of track.frames) {
      const entry: RecordedFrame = frames.get(frame) ?? { frame, time, people: [] };
      entry.people.push(keypoints.map((point: Tree, i: number) => joint(point, tree.joints[i], inferred)));
      frames.set(frame, entry);
    }
  }
  return { layout: LAYOUTS["h36m"]!, imageSize: tree.tracks[0].image_size, frames: inOrder(frames) };
}

function ofResults(entries: Tree[]): Recorded {
  const frames = new Map<number, RecordedFrame>(), numbers = new Map<string, number>();
  for (const { image_id, keypoints } of entries) {
    const id = String(image_id);
    if (!numbers.has(id)) numbers.set(id, Number.isInteger(image_id) ? image_id : numbers.size);
    const frame = numbers.get(id)!;
    const entry: RecordedFrame = frames.get(frame) ?? { frame, time: frame / FPS, people: [] };
    entry.people.push(threes(keypoints));
    frames.set(frame, entry);
  }
  return { layout: layoutOf([...frames.values()]), imageSize: null, frames: inOrder(frames) };
}

function ofOpenPose(trees: Tree[]): Recorded {
  const frames = trees.map((tree, frame): RecordedFrame => ({
    frame,
    time: frame / FPS,
    people: tree.people.map((person: Tree) => threes(person.pose_keypoints_2d)),
  }));
  return { layout: layoutOf(frames), imageSize: null, frames };
}

const inOrder = (frames: Map<number, RecordedFrame>): RecordedFrame[] =>
  [...frames.values()].sort((a, b) => a.frame - b.frame);

const threes = (numbers: number[]): number[][] =>
  Array.from({ length: numbers.length / 3 }, (_, i) => numbers.slice(3 * i, 3 * i + 3));

function layoutOf(frames: readonly RecordedFrame[]): Skeleton {
  const count = frames.find((frame) => frame.people.length)!.people[0]!.length;
  const layout = LAYOUTS[BY_COUNT[count] ?? ""];
  if (!layout) throw new Error(`${count} joints are of no known layout`);
  return layout;
}
