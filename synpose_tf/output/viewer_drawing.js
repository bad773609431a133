"use strict";

// Drawing in 2D and 3D, of figures:
//
//   { name, points, certainty, colours }
//
// points of joints, each [x, y] in the image or [x, y, z] on the stage, or null; certainty of each,
// 0 to 1, null where it was inferred; colours of { left, middle, right }. A skeleton has `bones`
// ({ child, parent, side }), `sides` of the joints and the index of the `head`. `colours` are the
// page's. Functions keep no state: whatever has figures can draw.

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

// A joint: a disc, the paler inside the less certain; a larger ring for one that was inferred.
function dot(context, [x, y], radius, colour, certainty, ground) {
  const disc = (size, fill) => {
    context.beginPath();
    context.arc(x, y, size, 0, 2 * Math.PI);
    context.fillStyle = fill;
    context.fill();
  };
  if (certainty === null) {
    disc(radius * 1.25, ground);
    context.strokeStyle = colour;
    context.lineWidth = Math.max(1.5, radius * 0.55);
    context.stroke();
    return;
  }
  disc(radius, colour);
  if (certainty >= 1) return;
  context.globalAlpha = 1 - certainty;
  disc(radius * 0.65, ground);
  context.globalAlpha = 1;
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

// Draws the stage, with cameras (viewer_cameras.js); tells whether anybody stands on it.
function drawScene(context, view, figures, skeleton, colours, names, cameras) {
  clear(context);
  drawFloor(context, view, colours);
  const shapes = cameras.flatMap((camera) => cameraShapes(context, view, camera, colours));
  for (const { name, points, certainty, colours: paint } of figures) {
    drawShadow(context, points.map(([x, , z]) => view.project([x, 0, z])), skeleton, colours);
    const places = points.map((point) => view.project(point));
    const nearest = places.map((place) => place[2]); // of a joint and its bones: it lies on them
    for (const { child, parent, side } of skeleton.bones) {
      const [from, to] = [places[parent], places[child]];
      const width = Math.max(2.5, 34 * from[3]);
      const depth = (from[2] + to[2]) / 2;
      for (const joint of [child, parent]) nearest[joint] = Math.min(nearest[joint], depth);
      shapes.push({ depth, draw() {
        halo(context, from, to, colours.panel, width + 4);
        line(context, from, to, paint[side], width);
      } });
    }
    places.forEach((place, joint) => {
      const radius = Math.max(2.5, 27 * place[3]);
      shapes.push({ depth: nearest[joint], draw() {
        dot(context, place, radius, paint[skeleton.sides[joint]], certainty[joint], colours.panel);
      } });
    });
    if (names) {
      const [x, y, depth, scale] = places[skeleton.head];
      const draw = () => label(context, name, [x, y - 110 * scale], colours);
      shapes.push({ depth: depth - 200, draw });
    }
  }
  shapes.sort((a, b) => b.depth - a.depth).forEach((shape) => shape.draw());
  return figures.length > 0;
}

// Draws what the camera saw: `frame` is { low, high, margins: [across, down], size }, the part of
// the image that is shown and the size of the whole, null where unknown. `picture` fills the whole.
function drawImage(context, frame, picture, figures, skeleton, colours, names) {
  clear(context);
  if (!frame) return;
  const { clientWidth: width, clientHeight: height } = context.canvas;
  const { low, high, margins, size } = frame;
  const [spanX, spanY] = [0, 1].map((axis) => Math.max(1, high[axis] - low[axis]));
  const scale = Math.min((width - margins[0]) / spanX, (height - margins[1]) / spanY);
  const place = ([x, y]) => [
    width / 2 + (x - (low[0] + high[0]) / 2) * scale,
    height / 2 + (margins[1] ? 8 : 0) + (y - (low[1] + high[1]) / 2) * scale,
  ];
  if (size) {
    const whole = [...place([0, 0]), size[0] * scale, size[1] * scale];
    context.strokeStyle = colours.grid;
    context.lineWidth = 1;
    if (picture) context.drawImage(picture, ...whole);
    else context.strokeRect(...whole);
  }
  for (const { name, points, certainty, colours: paint } of figures) {
    const places = points.map((point) => point && place(point));
    const heights = places.filter(Boolean).map((point) => point[1]);
    const tall = Math.max(...heights) - Math.min(...heights);
    const thick = Math.min(4, Math.max(1.5, tall / 55));
    const bones = skeleton.bones.filter(({ child, parent }) => places[child] && places[parent]);
    const draw = (width, colour) => bones.forEach((bone) =>
      line(context, places[bone.parent], places[bone.child], colour(bone), width));
    if (picture) draw(thick + Math.min(2.5, thick * 0.7), () => colours.panel); // parts them from what lies below
    draw(thick, ({ side }) => paint[side]);
    places.forEach((point, joint) => point && dot(context, point, Math.max(2.2, thick),
      paint[skeleton.sides[joint]], certainty[joint], colours.panel));
    const head = places[skeleton.head];
    if (names && head) label(context, name, [head[0], head[1] - 12], colours);
  }
}
