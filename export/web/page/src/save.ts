// Files for the user.

import { bvhFiles } from "./output/bvh.ts";
import { jsonFile, type Settings } from "./output/json.ts";
import type { Recording } from "./output/recording.ts";

function download(name: string, content: BlobPart, type: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function saveJson(recording: Recording, settings: Settings): void {
  download("poses.json", jsonFile(recording, settings), "application/json");
}

/** One file a person. */
export function saveBvh(recording: Recording): void {
  const people = [...recording.tracks.values()].map((track) => ({
    times: track.frames.map((frame) => frame.time),
    poses: track.frames.map((frame) => frame.pose),
  }));
  const files = bvhFiles(people);
  if (!files.length) throw new Error("Nobody has a pose yet, so there is nothing to save.");
  files.forEach((file, i) =>
    download(files.length > 1 ? `poses_${i + 1}.bvh` : "poses.bvh", file, "text/plain"));
}

/** Canvases side by side, as they are seen. */
export function savePicture(canvases: readonly HTMLCanvasElement[], background: string): void {
  const width = canvases.reduce((sum, canvas) => sum + canvas.width, 0);
  const height = Math.max(...canvases.map((canvas) => canvas.height));
  const whole = Object.assign(document.createElement("canvas"), { width, height });
  const context = whole.getContext("2d")!;
  context.fillStyle = background;
  context.fillRect(0, 0, width, height);
  let left = 0;
  for (const canvas of canvases) {
    context.drawImage(canvas, left, 0);
    left += canvas.width;
  }
  whole.toBlob((blob) => blob && download("pose.png", blob, "image/png"), "image/png");
}
