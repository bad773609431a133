// Lifts complete 2D poses by the page's own code, to verify an export:
//
//   node lift_poses.mjs LITERT.js LIFTER.tflite MODE DISTANCE KEYPOINTS INTRINSICS POSES
//
// KEYPOINTS holds float32 (n, 17, 2) pixels, INTRINSICS (n, 9), or nothing in `paper` mode; POSES
// becomes (n, 17, 3) in mean image radii. Prints the median milliseconds of LiteRT a pose.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { loadDepths } from "../litert.ts";
import { lift, normalize2d, type Mode } from "../pose/normalization.ts";
import { JOINTS } from "../pose/skeleton.ts";
import { median } from "../pose/vector.ts";

/** LiteRT loads its script as a classic worker does. */
function beAWorker(): void {
  const load = (url: string | URL) => {
    const script = url.toString();
    const run = new Function("require", "__filename", "__dirname",
      `${readFileSync(script, "utf8")}; return ModuleFactory`);
    Object.assign(globalThis, { ModuleFactory: run(createRequire(script), script, dirname(script)) });
  };
  Object.assign(globalThis, { self: globalThis, importScripts: load });
}

function numbers(path: string): Float32Array {
  const content = readFileSync(path);
  return new Float32Array(content.buffer.slice(
    content.byteOffset, content.byteOffset + content.byteLength));
}

beAWorker();
console.info = console.warn = () => {}; // LiteRT's notes.
const [script, model, mode, distance, keypoints, intrinsics, target] = process.argv.slice(2) as [
  string, string, Mode, string, string, string, string];
const depths = await loadDepths(script, readFileSync(model));
const pixels = numbers(keypoints), cameras = numbers(intrinsics);
const count = pixels.length / (2 * JOINTS);
const poses = new Float32Array(count * 3 * JOINTS), times: number[] = [];
for (let i = 0; i < count; i++) {
  const points = Array.from({ length: JOINTS }, (_, joint) =>
    [...pixels.subarray(2 * (i * JOINTS + joint), 2 * (i * JOINTS + joint) + 2)]);
  const camera = mode === "camera" ? [...cameras.subarray(9 * i, 9 * i + 9)] : null;
  const { pose, frame } = normalize2d(points, mode, Number(distance), camera);
  const start = performance.now();
  const found = await depths(pose);
  times.push(performance.now() - start);
  poses.set(lift(pose, found, frame).flat(), i * 3 * JOINTS);
}
writeFileSync(target, poses);
console.log(median(times));
