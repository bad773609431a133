// The camera that looks at the stage and turns about it. Stage frame: x right, y up, z towards the
// camera that saw the people, millimetres.

import type { Point } from "../pose/vector.ts";

const FIELD = Math.PI / 6;
const TALLEST = 2100; // Millimetres that must be seen above the floor.
const MARGIN = 1.02; // Of the least distance from where all is seen.
const LOWEST_VIEW = -0.3, HIGHEST_VIEW = 1.56;

export interface Place {
  x: number;
  y: number;
  depth: number;
  scale: number; // Pixels a millimetre.
}

export class Orbit {
  azimuth = 0;
  elevation = 0;
  zoom = 1;
  across = 1800; // Millimetres that the people take.
  #width = 1;
  #height = 1;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.azimuth = 0.6;
    this.elevation = 0.16;
    this.zoom = 1;
  }

  resize(width: number, height: number): void {
    this.#width = width;
    this.#height = height;
  }

  turn(azimuth: number, elevation: number): void {
    this.azimuth += azimuth;
    this.elevation = Math.min(HIGHEST_VIEW, Math.max(LOWEST_VIEW, this.elevation + elevation));
  }

  magnify(factor: number): void {
    this.zoom = Math.min(8, Math.max(0.2, this.zoom * factor));
  }

  project([x, y, z]: Point): Place {
    const focus = Math.min(this.#width, this.#height) / 2 / Math.tan(FIELD / 2);
    const distance = focus * MARGIN
      * Math.max(this.across / this.#width, TALLEST / this.#height) / this.zoom;
    const [sin, cos] = [Math.sin(this.azimuth), Math.cos(this.azimuth)];
    const [sinUp, cosUp] = [Math.sin(this.elevation), Math.cos(this.elevation)];
    const right = x! * cos - z! * sin, along = x! * sin + z! * cos, up = y! - TALLEST / 2.3;
    const depth = Math.max(distance - (up * sinUp + along * cosUp), 50);
    const scale = focus / depth;
    return {
      x: this.#width / 2 + right * scale,
      y: this.#height / 2 - (up * cosUp - along * sinUp) * scale,
      depth,
      scale,
    };
  }
}
