"use strict";

// The camera that looks at the stage: millimetres, x right, y up, z towards the camera that saw
// the people.

class View {
  static FIELD = (30 * Math.PI) / 180;

  constructor() {
    this.anchor = [0, 0]; // x and z of what the view moves along with
  }

  // What must be seen, relative to the anchor: a box, which is in the middle, and points around it.
  enclose({ low, high }, around = []) {
    this.low = low;
    this.high = high;
    this.around = around;
    const [x, , z] = this.#middle();
    const reach = Math.hypot(high[0] - low[0], high[2] - low[2]) / 2 + 500;
    this.ground = Math.max(1200, reach,
      ...around.map((point) => Math.hypot(point[0] - x, point[2] - z)));
    this.reset();
  }

  reset(azimuth = 0.6, elevation = 0.16) {
    this.azimuth = azimuth;
    this.elevation = elevation;
    this.zoom = 1;
    this.target = this.#middle();
  }

  #middle() {
    return this.low.map((value, axis) => (value + this.high[axis]) / 2);
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.focus = Math.min(width, height) / 2 / Math.tan(View.FIELD / 2);
    this.fit();
  }

  // As near as everything stays in the picture, seen from this height.
  fit() {
    this.home = this.#distanceThatFits();
  }

  turn(azimuth, elevation) {
    this.azimuth += azimuth;
    this.elevation = Math.min(1.56, Math.max(-0.3, this.elevation + elevation));
  }

  magnify(factor) {
    this.zoom = Math.min(8, Math.max(0.2, this.zoom * factor));
  }

  // Moves the scene with the pointer, by pixels.
  move(right, down) {
    const size = this.home / this.zoom / this.focus;
    const [sine, cosine] = [Math.sin(this.azimuth), Math.cos(this.azimuth)];
    const lift = down * Math.sin(this.elevation);
    this.target[0] -= (right * cosine + lift * sine) * size;
    this.target[1] += down * Math.cos(this.elevation) * size;
    this.target[2] -= (lift * cosine - right * sine) * size;
  }

  // Screen x and y, distance, and pixels a millimetre there.
  project([x, y, z], azimuth = this.azimuth, distance = this.home / this.zoom) {
    x -= this.target[0] + this.anchor[0];
    y -= this.target[1];
    z -= this.target[2] + this.anchor[1];
    const across = x * Math.cos(azimuth) - z * Math.sin(azimuth);
    const along = x * Math.sin(azimuth) + z * Math.cos(azimuth);
    const up = y * Math.cos(this.elevation) - along * Math.sin(this.elevation);
    const near = y * Math.sin(this.elevation) + along * Math.cos(this.elevation);
    const depth = Math.max(distance - near, 50);
    const scale = this.focus / depth;
    return [this.width / 2 + across * scale, this.height / 2 - up * scale, depth, scale];
  }

  // From where everything stays in the picture, however it is turned.
  #distanceThatFits() {
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((corner) =>
      this.low.map((value, axis) => ((corner >> axis) & 1 ? this.high[axis] : value)));
    const points = [...corners, ...this.around].map((point) =>
      point.map((value, axis) => value + [this.anchor[0], 0, this.anchor[1]][axis]));
    let distance = 4000;
    for (let round = 0; round < 12; round++) {
      let fill = 0;
      for (let azimuth = 0; azimuth < 2 * Math.PI; azimuth += Math.PI / 4) {
        for (const point of points) {
          const [x, y] = this.project(point, azimuth, distance);
          const across = Math.abs(x - this.width / 2) / (this.width * 0.46);
          const up = Math.abs(y - this.height / 2) / (this.height * 0.44);
          fill = Math.max(fill, across, up);
        }
      }
      distance *= 0.5 + 0.5 * Math.min(4, fill);
    }
    return distance;
  }
}
