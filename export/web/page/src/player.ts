// What is looked at now: a camera, a video, a photo or keypoints, one at a time.

import type { Detector } from "./detector.ts";
import { loadDetector, type Card } from "./loading.ts";
import { Recording } from "./output/recording.ts";
import { imageCanvas, sceneCanvas, settings, video } from "./page.ts";
import { Film, type Sighting } from "./people.ts";
import { believed, LEAST_OF_MEDIAPIPE, leastConfidence } from "./pose/belief.ts";
import { LAYOUTS } from "./pose/layouts.ts";
import type { Lifter } from "./pose/lifting.ts";
import type { Points } from "./pose/vector.ts";
import { Rates } from "./rates.ts";
import { openCamera, type Facing } from "./source/camera.ts";
import { eachFrame } from "./source/frames.ts";
import { readKeypoints } from "./source/keypoint_file.ts";
import { openPhoto, openVideo } from "./source/media_file.ts";
import { themeColours } from "./view/colours.ts";
import { drawImage } from "./view/image_view.ts";
import { Orbit } from "./view/orbit.ts";
import type { Person } from "./view/person.ts";
import { drawScene } from "./view/scene.ts";

type Size = [number, number];

export class Player {
  readonly recording = new Recording();
  readonly rates = new Rates();
  readonly orbit = new Orbit();
  people: Person[] = [];
  paused = false;
  mirrored = false;
  readonly lifter: Lifter;
  readonly #card: Card;
  #detector: Promise<Detector> | null = null;
  #picture: ImageBitmap | null = null; // In which the people were found.
  #size: Size | null = null;
  #close = () => {};
  readonly #failed: (error: unknown) => void;
  #run = 0; // Counts what was opened, so that what is still running can see that it is over.

  /** `failed` is told of what goes wrong in a film that was opened. */
  constructor(card: Card, lifter: Lifter, failed: (error: unknown) => void) {
    this.#card = card;
    this.lifter = lifter;
    this.#failed = failed;
  }

  /** Ends what is looked at now. */
  stop(): void {
    this.#run += 1;
    this.#close();
    this.#close = () => {};
    this.#show(null, null);
    this.people = [];
    this.paused = this.mirrored = false;
    this.recording.clear();
    this.rates.clear();
    this.draw();
  }

  /** Takes up settings of the detector when it is needed next. */
  async forgetDetector(): Promise<void> {
    const detector = this.#detector;
    this.#detector = null;
    (await detector?.catch(() => null))?.close();
  }

  async camera(facing: Facing): Promise<void> {
    this.stop();
    const run = this.#run;
    const close = await openCamera(video, facing);
    await this.#film(run, close, facing === "user");
  }

  async video(file: File): Promise<void> {
    this.stop();
    const run = this.#run;
    await this.#film(run, await openVideo(video, file), false);
  }

  async photo(file: File): Promise<void> {
    this.stop();
    const run = this.#run, photo = await openPhoto(file), detector = await this.#loadDetector();
    if (run !== this.#run) return;
    this.recording.imageSize = [photo.width, photo.height];
    await this.#look(photo, detector, this.#newFilm(), 0, 0, false);
  }

  async keypoints(files: readonly File[]): Promise<void> {
    this.stop();
    const run = this.#run, recorded = await readKeypoints(files);
    this.#show(null, recorded.imageSize);
    this.recording.imageSize = recorded.imageSize;
    const scores = recorded.frames.flatMap(({ people }) => people.flat().map((joint) => joint[2]!));
    const least = leastConfidence(scores);
    const film = new Film(this.lifter, recorded.layout, recorded.imageSize, this.recording);
    const frames: { time: number; people: Person[] }[] = [];
    for (const { frame, time, people } of recorded.frames) {
      const sightings = people.map((joints) => ({ joints: believed(joints, least), landmarks: null }));
      const lifted = await this.rates.measure("lifter", () =>
        film.lift(frame, time, sightings, settings()));
      if (run !== this.#run) return;
      frames.push({ time, people: lifted });
    }
    this.#play(run, frames);
  }

  togglePause(): void {
    this.paused = !this.paused;
    if (!video.srcObject && !video.src) return;
    if (this.paused) video.pause();
    else void video.play();
  }

  draw(): void {
    const colours = themeColours();
    drawImage(imageCanvas.getContext("2d")!, this.#picture, this.#size, this.people, colours, this.mirrored);
    drawScene(sceneCanvas.getContext("2d")!, this.orbit, this.people, colours);
  }

  /** Lifts what the video element shows, until something else is opened. */
  async #film(run: number, close: () => void, mirrored: boolean): Promise<void> {
    if (run !== this.#run) return close();
    this.#close = close;
    this.mirrored = mirrored;
    const detector = () => this.#loadDetector(); // Again after a change of its settings.
    await detector().catch((error: unknown) => {
      if (run === this.#run) this.stop(); // No camera goes on for nothing.
      throw error;
    });
    if (run !== this.#run) return;
    this.recording.imageSize = [video.videoWidth, video.videoHeight];
    const film = this.#newFilm();
    let frame = 0;
    eachFrame(video, async (seconds) => {
      try {
        if (this.paused) return;
        const picture = await createImageBitmap(video);
        await this.#look(picture, await detector(), film, frame++, seconds, true);
      } catch (error) {
        if (run !== this.#run) return;
        this.stop();
        this.#failed(error);
      }
    }, () => run !== this.#run);
  }

  async #look(
    picture: ImageBitmap, detector: Detector, film: Film, frame: number, seconds: number,
    moving: boolean,
  ): Promise<void> {
    const run = this.#run, size: Size = [picture.width, picture.height];
    const found = await this.rates.measure("detector", () => detector.detect(picture, moving));
    const sightings = found.map((landmarks) => sighting(landmarks, size));
    const people = await this.rates.measure("lifter", () =>
      film.lift(frame, seconds, sightings, settings()));
    if (run !== this.#run) return picture.close();
    this.#show(picture, size);
    this.people = people;
    this.rates.frame();
    this.draw();
  }

  /** Shows frames again and again, at their own speed. */
  #play(run: number, frames: readonly { time: number; people: Person[] }[]): void {
    const start = frames[0]!.time, end = frames[frames.length - 1]!.time;
    let clock = 0, before = performance.now();
    const step = () => {
      if (run !== this.#run) return;
      const now = performance.now();
      if (!this.paused) clock += (now - before) / 1000;
      before = now;
      const time = start + (end > start ? clock % (end - start) : 0);
      const next = frames.findIndex((frame) => frame.time > time);
      this.people = frames[(next < 0 ? frames.length : next) - 1]!.people;
      this.draw();
      if (frames.length > 1) requestAnimationFrame(step);
    };
    step();
  }

  #show(picture: ImageBitmap | null, size: Size | null): void {
    this.#picture?.close();
    this.#picture = picture;
    this.#size = size;
  }

  #newFilm(): Film {
    return new Film(this.lifter, LAYOUTS["mediapipe"]!, this.recording.imageSize, this.recording);
  }

  #loadDetector(): Promise<Detector> {
    const { people, processor } = settings();
    this.#detector ??= loadDetector(this.#card, people, processor);
    this.#detector.catch(() => (this.#detector = null)); // The next one may succeed.
    return this.#detector;
  }
}

function sighting(landmarks: Points, [width, height]: Size): Sighting {
  const joints = landmarks.map(([x, y, , visibility]) => [x! * width, y! * height, visibility!]);
  return { joints: believed(joints, LEAST_OF_MEDIAPIPE), landmarks };
}
