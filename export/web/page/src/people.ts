// From a detector's joints in a frame to people with poses, who is who, smoothed and recorded.

import type { Recording } from "./output/recording.ts";
import { pinhole } from "./pose/camera.ts";
import { toH36m } from "./pose/conversion.ts";
import type { Lifter } from "./pose/lifting.ts";
import type { Skeleton } from "./pose/skeleton.ts";
import { OneEuro } from "./pose/smoothing.ts";
import { Follower } from "./pose/tracking.ts";
import { isFinitePoint, type Points } from "./pose/vector.ts";
import type { Person } from "./view/person.ts";

export interface Settings {
  bodyHeight: number; // Millimetres.
  smooth: boolean;
  fieldOfView: number; // Degrees across, for lifters that need the camera.
}

/** Somebody in a frame. */
export interface Sighting {
  joints: Points; // Pixels in the layout, NaN where missed.
  landmarks: Points | null; // The detector's own, to be recorded.
}

/** The people of one film. */
export class Film {
  readonly #lifter: Lifter;
  readonly #layout: Skeleton;
  readonly #size: readonly [number, number] | null;
  readonly #recording: Recording;
  readonly #follower = new Follower();
  readonly #filters = new Map<number, OneEuro>();

  constructor(
    lifter: Lifter, layout: Skeleton, size: readonly [number, number] | null, recording: Recording,
  ) {
    this.#lifter = lifter;
    this.#layout = layout;
    this.#size = size;
    this.#recording = recording;
  }

  /** Lifts the people of a frame; `time` in seconds. */
  async lift(
    frame: number, time: number, sightings: readonly Sighting[], settings: Settings,
  ): Promise<Person[]> {
    const [width, height] = this.#size ?? [1000, 1000];
    const camera = this.#lifter.mode === "camera"
      ? pinhole(width, height, settings.fieldOfView) : null;
    const numbers = this.#follower.follow(frame, sightings.map(({ joints }) => joints));
    const people: Person[] = [];
    for (const [i, { joints, landmarks }] of sightings.entries()) {
      const keypoints = toH36m(joints, this.#layout);
      const number = numbers[i]!, name = `Person ${number + 1}`;
      const lifted = await this.#lifter.lift(keypoints, camera, settings.bodyHeight);
      const pose = lifted && settings.smooth ? this.#smooth(number, lifted.pose, time)
        : lifted?.pose ?? null;
      const person: Person = {
        name,
        pose,
        keypoints: lifted?.keypoints ?? keypoints,
        inferred: lifted?.inferred ?? keypoints.map((point) => !isFinitePoint(point)),
      };
      people.push(person);
      this.#recording.add(number, name, { frame, time, landmarks, ...person });
    }
    return people;
  }

  #smooth(number: number, pose: Points, time: number): Points {
    const filter = this.#filters.get(number) ?? new OneEuro();
    this.#filters.set(number, filter);
    return filter.filter(pose, time);
  }
}
