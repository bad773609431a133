// People in pictures, by MediaPipe's pose landmarker in WebAssembly.

import { PoseLandmarker } from "@mediapipe/tasks-vision";
import type { Points } from "./pose/vector.ts";

export type Processor = "CPU" | "GPU";

const FILES = {
  wasmLoaderPath: "wasm/vision_wasm_internal.js",
  wasmBinaryPath: "wasm/vision_wasm_internal.wasm",
};

export class Detector {
  readonly #landmarker: PoseLandmarker;
  #video = true;
  #last = 0;

  private constructor(landmarker: PoseLandmarker) {
    this.#landmarker = landmarker;
  }

  /** `model` is the content of a .task bundle. */
  static async load(model: Uint8Array, people: number, processor: Processor): Promise<Detector> {
    return new Detector(await PoseLandmarker.createFromOptions(FILES, {
      baseOptions: { modelAssetBuffer: model, delegate: processor },
      runningMode: "VIDEO",
      numPoses: people,
    }));
  }

  /** The 33 landmarks of each person: x and y in fractions of the picture, z, visibility. */
  async detect(picture: ImageBitmap, film: boolean): Promise<Points[]> {
    if (film !== this.#video) {
      await this.#landmarker.setOptions({ runningMode: film ? "VIDEO" : "IMAGE" });
      this.#video = film;
    }
    // MediaPipe wants times that increase, over all films.
    this.#last = Math.max(performance.now(), this.#last + 1);
    const { landmarks } = film
      ? this.#landmarker.detectForVideo(picture, this.#last) : this.#landmarker.detect(picture);
    return landmarks.map((person) => person.map((m) => [m.x, m.y, m.z, m.visibility]));
  }

  close(): void {
    this.#landmarker.close();
  }
}
