// Poses as JSON, as synpose_tf/output/json_file.py writes them; `landmarks` are what the detector
// gave, and are the page's own.

import { H36M_17, PARENTS } from "../pose/skeleton.ts";
import { isFinitePoint, type Point } from "../pose/vector.ts";
import type { Frame, Recording } from "./recording.ts";

const ABOUT = {
  format: "synpose_tf poses",
  version: 1,
  length_unit: "millimetre",
  time_unit: "second",
  image_unit: "pixel",
  coordinate_frame: "camera: x right, y down, z forward; poses relative to the root joint",
  joints: H36M_17.joints,
  parents: PARENTS,
};

/** What the poses were made with. */
export interface Settings {
  bodyHeight: number;
  smoothed: boolean;
  lifter: string;
}

export function jsonFile(recording: Recording, settings: Settings): string {
  const tracks = [...recording.tracks.values()].map((track) => ({
    name: track.name,
    body_height: settings.bodyHeight,
    image_size: recording.imageSize,
    roll: 0,
    frames: track.frames.map(record),
  }));
  const about = { ...ABOUT, lifter: settings.lifter, smoothed: settings.smoothed };
  return `${JSON.stringify({ ...about, tracks })}\n`;
}

function record(frame: Frame) {
  return {
    frame: frame.frame,
    time: round(frame.time, 6),
    pose: frame.pose && frame.pose.map((point) => rounded(point, 1)),
    root: null,
    keypoints: frame.keypoints.map((point) => (isFinitePoint(point) ? rounded(point, 2) : null)),
    inferred: H36M_17.joints.filter((_, joint) => frame.inferred[joint]),
    exchanged: [],
    ...(frame.landmarks && { landmarks: frame.landmarks.map((point) => rounded(point, 6)) }),
  };
}

const round = (value: number, decimals: number): number => Number(value.toFixed(decimals)) + 0;
const rounded = (point: Point, decimals: number): number[] =>
  point.map((value) => round(value, decimals));
