"use strict";

// Cameras that stand on the stage, { name, points }: pyramids of a tip, where the camera is, and the
// corners of its picture, clockwise from the upper left one.

const NEAREST = 300; // millimetres before the eye; what is nearer, or behind it, is not drawn
const AROUND = 6000; // millimetres

// A mark on the upper edge of a camera's picture.
function markOf([, ...corners]) {
  const [left, right, , below] = corners;
  const between = (share, lift) => left.map((value, axis) =>
    value + share * (right[axis] - value) + lift * (value - below[axis]));
  return [between(0.35, 0.06), between(0.65, 0.06), between(0.5, 0.3)];
}

// Shapes of a camera for `drawScene`: { depth, draw }.
function cameraShapes(context, view, { name, points }, colours) {
  const [tip, ...corners] = points.map((point) => view.project(point));
  if (Math.min(...[tip, ...corners].map((place) => place[2])) < NEAREST) return [];
  const mark = markOf(points).map((point) => view.project(point));
  const outline = (places) => {
    context.beginPath();
    for (const [x, y] of places) context.lineTo(x, y);
    context.closePath();
  };
  const draw = () => {
    outline(corners);
    context.globalAlpha = 0.15;
    context.fillStyle = colours.faint;
    context.fill();
    context.globalAlpha = 1;
    corners.forEach((corner, at) => {
      line(context, tip, corner, colours.faint, 1.5);
      line(context, corner, corners[(at + 1) % 4], colours.faint, 1.5);
    });
    context.fillStyle = colours.faint;
    outline(mark);
    context.fill();
    const top = Math.min(...[tip, ...corners, ...mark].map((place) => place[1]));
    label(context, name, [tip[0], top - 6], colours);
  };
  return [{ depth: tip[2], draw }];
}

// The points of those cameras that stand around people from `low` to `high`, not far from them.
function pointsAround(cameras, { low, high }) {
  return cameras.filter(({ points: [tip] }) => Math.hypot(...[0, 2].map((axis) =>
    Math.max(low[axis] - tip[axis], 0, tip[axis] - high[axis]))) < AROUND)
    .flatMap((camera) => camera.points);
}
