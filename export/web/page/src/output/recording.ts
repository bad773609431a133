// What was lifted, kept to be saved: people through time.

import type { Points } from "../pose/vector.ts";

export interface Frame {
  frame: number;
  time: number; // Seconds.
  pose: Points | null;
  keypoints: Points; // 17 joints in pixels, gaps filled in; as they came where there is no pose.
  inferred: readonly boolean[];
  landmarks: Points | null; // The detector's, where there is one: x, y, z, visibility.
}

export interface Track {
  name: string;
  frames: Frame[];
}

export class Recording {
  static readonly LONGEST = 54_000; // Frames of all people: half an hour of one at 30 Hz.
  readonly tracks = new Map<number, Track>();
  imageSize: [number, number] | null = null;
  #count = 0;

  get full(): boolean {
    return this.#count >= Recording.LONGEST;
  }

  get empty(): boolean {
    return this.#count === 0;
  }

  /** Adds a frame of the person of that number; none any more when it is full. */
  add(person: number, name: string, frame: Frame): void {
    if (this.full) return;
    const track = this.tracks.get(person) ?? { name, frames: [] };
    track.frames.push(frame);
    this.tracks.set(person, track);
    this.#count += 1;
  }

  clear(): void {
    this.tracks.clear();
    this.imageSize = null;
    this.#count = 0;
  }
}
