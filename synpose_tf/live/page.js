"use strict";

// Draws each event: the picture with the 2D joints, and the 3D poses, turned by dragging.
// Poses are millimetres, x right, y down, z forward, the root at 0.

const COLOURS = { left: "#ff7d8c", right: "#6db3ee", middle: "#c5ccd8" };
const REACH = 1250; // Millimetres from the root to the edge of the drawing.
const pictureCanvas = document.getElementById("picture");
const poseCanvas = document.getElementById("pose");
const state = document.getElementById("state");
const image = new Image();
let latest = null;
let turn = 0.5;
let held = null;

function context(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const drawing = canvas.getContext("2d");
  drawing.scale(ratio, ratio);
  drawing.lineCap = "round";
  return [drawing, width, height];
}

function bones(drawing, points, inferred, width) {
  latest.bones.forEach(([from, to, side]) => {
    if (!points[from] || !points[to]) return;
    drawing.strokeStyle = COLOURS[side];
    drawing.lineWidth = width;
    drawing.setLineDash(inferred[from] || inferred[to] ? [2, 6] : []);
    drawing.beginPath();
    drawing.moveTo(...points[from]);
    drawing.lineTo(...points[to]);
    drawing.stroke();
  });
  drawing.setLineDash([]);
}

function drawPicture() {
  const [drawing, width, height] = context(pictureCanvas);
  const scale = Math.min(width / image.width, height / image.height);
  const left = (width - image.width * scale) / 2;
  const top = (height - image.height * scale) / 2;
  drawing.drawImage(image, left, top, image.width * scale, image.height * scale);
  for (const person of latest.people) {
    const points = person.joints.map(([x, y]) => [
      left + x * image.width * scale,
      top + y * image.height * scale,
    ]);
    bones(drawing, points, person.inferred, 3);
  }
}

function drawPoses() {
  const [drawing, width, height] = context(poseCanvas);
  const count = latest.people.length;
  const scale = Math.min(width / Math.max(count, 1), height) / (2 * REACH);
  latest.people.forEach((person, index) => {
    const middle = (width * (index + 0.5)) / count;
    const points = person.pose.map(([x, y, z]) => [
      middle + (x * Math.cos(turn) + z * Math.sin(turn)) * scale,
      height / 2 + y * scale,
    ]);
    bones(drawing, points, person.inferred, 5);
  });
}

image.onload = () => {
  drawPicture();
  drawPoses();
};
const events = new EventSource("/events");
events.onmessage = (message) => {
  latest = JSON.parse(message.data);
  state.textContent = `${latest.rate.toFixed(1)} pictures a second, people: ${latest.people.length}`
    + (latest.corrected ? ", corrected by the pictures before" : "");
  image.src = `data:image/jpeg;base64,${latest.picture}`;
};
events.onerror = () => {
  state.textContent = "the command has ended";
  events.close();
};
poseCanvas.onpointerdown = (event) => {
  held = event.clientX;
  poseCanvas.setPointerCapture(event.pointerId);
};
poseCanvas.onpointermove = (event) => {
  if (held === null) return;
  turn += (event.clientX - held) / 100;
  held = event.clientX;
  if (latest) drawPoses();
};
poseCanvas.onpointerup = () => {
  held = null;
};
