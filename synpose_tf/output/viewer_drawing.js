"use strict";

// People decoded from the page's data, and their drawing in 2D and 3D. Lengths are
// millimetres in the stage frame: x right, y up, z towards the camera that saw the people.

const MISSING = -32768; // in the integers that stand for coordinates

function decode(text, Type) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Type(bytes.buffer);
}

class Person {
  constructor(entry, joints) {
    this.name = entry.name;
    this.shown = true;
    this.joints = joints;
    this.start = entry.start;
    this.points = decode(entry.points, Int16Array);
    this.pointUnit = entry.point_unit;
    this.pixels = decode(entry.pixels, Int16Array);
    this.pixelUnit = entry.pixel_unit;
    this.marks = decode(entry.inferred, Uint32Array);
  }

  // Joints at a moment, each [x, y, z] or null; null where the person has no pose.
  pose(moment) {
    return this.#read(this.points, this.pointUnit, 3, moment);
  }

  // Image points at a moment, each [x, y] or null; null where nothing was seen.
  picture(moment) {
    return this.#read(this.pixels, this.pixelUnit, 2, moment);
  }

  inferred(moment, joint) {
    return ((this.marks[moment - this.start] >>> joint) & 1) === 1;
  }

  #read(values, unit, dimensions, moment) {
    const first = (moment - this.start) * this.joints * dimensions;
    if (first < 0 || first >= values.length) return null;
    const found = [];
    for (let joint = 0; joint < this.joints; joint++) {
      const at = first + joint * dimensions;
      if (values[at] === MISSING) found.push(null);
      else found.push(Array.from(values.subarray(at, at + dimensions), (v) => v * unit));
    }
    return found.some(Boolean) ? found : null;
  }
}

// Lowest and highest of each coordinate over what `read` gives, evenly chosen moments.
function extent(people, moments, dimensions, read) {
  const low = Array(dimensions).fill(Infinity);
  const high = Array(dimensions).fill(-Infinity);
  const step = Math.max(1, Math.floor(moments / 2000));
  for (const person of people) {
    for (let moment = 0; moment < moments; moment += step) {
      for (const point of read(person, moment) ?? []) {
        point?.forEach((value, axis) => {
          low[axis] = Math.min(low[axis], value);
          high[axis] = Math.max(high[axis], value);
        });
      }
    }
  }
  return low[0] <= high[0] ? { low, high } : null;
}

// === The camera that looks at the stage ===
class View {
  static FIELD = (30 * Math.PI) / 180;

  constructor() {
    this.anchor = [0, 0]; // x and z of what the view moves along with
  }

  // What must be seen, relative to the anchor.
  enclose({ low, high }) {
    this.low = low;
    this.high = high;
    this.ground = Math.max(1200, Math.hypot(high[0] - low[0], high[2] - low[2]) / 2 + 500);
    this.reset();
  }

  reset() {
    this.azimuth = 0.6;
    this.elevation = 0.16;
    this.zoom = 1;
    this.target = this.low.map((value, axis) => (value + this.high[axis]) / 2);
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.focus = Math.min(width, height) / 2 / Math.tan(View.FIELD / 2);
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
      this.low.map((value, axis) => ((corner >> axis) & 1 ? this.high[axis] : value)
        + [this.anchor[0], 0, this.anchor[1]][axis]));
    let distance = 4000;
    for (let round = 0; round < 12; round++) {
      let fill = 0;
      for (let azimuth = 0; azimuth < 2 * Math.PI; azimuth += Math.PI / 4) {
        for (const corner of corners) {
          const [x, y] = this.project(corner, azimuth, distance);
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

// === Drawing ===
function clear(context) {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  context.scale(devicePixelRatio, devicePixelRatio);
  context.lineCap = context.lineJoin = "round";
}

function line(context, [x, y], [u, v], colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(u, v);
  context.stroke();
}

// A gap in what lies behind a bone, away from its joints.
function halo(context, [x, y], [u, v], colour, width) {
  const along = (share) => [x + (u - x) * share, y + (v - y) * share];
  context.lineCap = "butt";
  line(context, along(0.15), along(0.85), colour, width);
  context.lineCap = "round";
}

function dot(context, [x, y], radius, colour, hollow, ground) {
  context.beginPath();
  context.arc(x, y, hollow ? radius * 1.25 : radius, 0, 2 * Math.PI);
  context.fillStyle = hollow ? ground : colour;
  context.fill();
  if (!hollow) return;
  context.strokeStyle = colour;
  context.lineWidth = Math.max(1.5, radius * 0.55);
  context.stroke();
}

function label(context, text, [x, y], colours) {
  if (text.length > 24) text = `${text.slice(0, 23)}…`;
  context.font = "600 12px system-ui, sans-serif";
  context.textAlign = "center";
  context.lineWidth = 4;
  context.strokeStyle = colours.panel;
  context.strokeText(text, x, y);
  context.fillStyle = colours.text;
  context.fillText(text, x, y);
}

function drawFloor(context, view, colours) {
  const centre = [0, 2].map((axis, i) => (view.low[axis] + view.high[axis]) / 2 + view.anchor[i]);
  context.beginPath();
  for (let angle = 0; angle < 2 * Math.PI; angle += Math.PI / 36) {
    const [x, y] = view.project([
      centre[0] + view.ground * Math.cos(angle), 0, centre[1] + view.ground * Math.sin(angle)]);
    context.lineTo(x, y);
  }
  context.fillStyle = colours.floor;
  context.fill();

  const cell = view.ground > 6000 ? 1000 : 500;
  const count = Math.ceil(view.ground / cell);
  const [column, row] = centre.map((middle) => Math.round(middle / cell));
  const rings = Array.from({ length: 8 }, () => new Path2D()); // fading outwards
  for (let i = -count; i <= count; i++) {
    for (let j = -count; j <= count; j++) {
      const [x, z] = [(column + i) * cell, (row + j) * cell];
      for (const [u, v] of [[x + cell, z], [x, z + cell]]) {
        const middle = [(x + u) / 2 - centre[0], (z + v) / 2 - centre[1]];
        const away = Math.hypot(...middle) / view.ground;
        if (away > 0.95) continue;
        const ring = rings[Math.floor(away * rings.length)];
        ring.moveTo(...view.project([x, 0, z]).slice(0, 2));
        ring.lineTo(...view.project([u, 0, v]).slice(0, 2));
      }
    }
  }
  context.strokeStyle = colours.grid;
  context.lineWidth = 1;
  rings.forEach((ring, number) => {
    context.globalAlpha = 0.8 * (1 - (number + 0.5) / rings.length);
    context.stroke(ring);
  });
  context.globalAlpha = 1;
}

function drawShadow(context, places, skeleton, colours) {
  context.beginPath();
  for (const { child, parent } of skeleton.bones) {
    context.moveTo(places[parent][0], places[parent][1]);
    context.lineTo(places[child][0], places[child][1]);
  }
  context.globalAlpha = 0.14;
  context.strokeStyle = colours.shadow;
  context.lineWidth = Math.max(3, 45 * places[0][3]);
  context.stroke(); // in one stroke, so that crossings are no darker
  context.globalAlpha = 1;
}

// Draws the people of one moment; tells whether anybody has a pose.
function drawScene(context, view, people, moment, skeleton, colours, names) {
  clear(context);
  drawFloor(context, view, colours);
  const shapes = [];
  for (const person of people) {
    const pose = person.pose(moment);
    if (!pose) continue;
    drawShadow(context, pose.map(([x, , z]) => view.project([x, 0, z])), skeleton, colours);
    const places = pose.map((point) => view.project(point));
    const nearest = places.map((place) => place[2]); // of a joint and its bones: it lies on them
    for (const { child, parent, side } of skeleton.bones) {
      const [from, to] = [places[parent], places[child]];
      const width = Math.max(2.5, 34 * from[3]);
      const depth = (from[2] + to[2]) / 2;
      for (const joint of [child, parent]) nearest[joint] = Math.min(nearest[joint], depth);
      shapes.push({ depth, draw() {
        halo(context, from, to, colours.panel, width + 4);
        line(context, from, to, colours[side], width);
      } });
    }
    places.forEach((place, joint) => {
      const radius = Math.max(2.5, 27 * place[3]);
      const hollow = person.inferred(moment, joint);
      shapes.push({ depth: nearest[joint], draw() {
        dot(context, place, radius, colours[skeleton.sides[joint]], hollow, colours.panel);
      } });
    });
    if (names) {
      const [x, y, depth, scale] = places[skeleton.head];
      const draw = () => label(context, person.name, [x, y - 110 * scale], colours);
      shapes.push({ depth: depth - 200, draw });
    }
  }
  shapes.sort((a, b) => b.depth - a.depth).forEach((shape) => shape.draw());
  return shapes.length > 0;
}

function drawImage(context, width, height, frame, people, moment, skeleton, colours, size, names) {
  clear(context);
  if (!frame) return;
  const [spanX, spanY] = [0, 1].map((axis) => Math.max(1, frame.high[axis] - frame.low[axis]));
  const scale = Math.min((width - 48) / spanX, (height - 84) / spanY);
  const place = ([x, y]) => [
    width / 2 + (x - (frame.low[0] + frame.high[0]) / 2) * scale,
    height / 2 + 8 + (y - (frame.low[1] + frame.high[1]) / 2) * scale,
  ];
  if (size) {
    const [x, y] = place([0, 0]);
    context.strokeStyle = colours.grid;
    context.lineWidth = 1;
    context.strokeRect(x, y, size[0] * scale, size[1] * scale);
  }
  for (const person of people) {
    const places = person.picture(moment)?.map((point) => point && place(point));
    if (!places) continue;
    for (const { child, parent, side } of skeleton.bones) {
      if (!places[child] || !places[parent]) continue;
      line(context, places[parent], places[child], colours[side], 4);
    }
    places.forEach((point, joint) => point && dot(context, point, 3.5,
      colours[skeleton.sides[joint]], person.inferred(moment, joint), colours.panel));
    const head = places[skeleton.head];
    if (names && head) label(context, person.name, [head[0], head[1] - 12], colours);
  }
}
