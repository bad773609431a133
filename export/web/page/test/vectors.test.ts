// Holds the page's lifting against what Python writes: tests/write_vectors.py. Folders by environment:
// SYNPOSE_VECTORS has the vectors, SYNPOSE_COMPLETION the export's completion files.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bvhFiles } from "../src/output/bvh.ts";
import { Completion } from "../src/pose/completion.ts";
import { toH36m } from "../src/pose/conversion.ts";
import { LAYOUTS } from "../src/pose/layouts.ts";
import { fillGaps, Lifter, unitOf } from "../src/pose/lifting.ts";
import { lift, normalize2d } from "../src/pose/normalization.ts";
import { OneEuro } from "../src/pose/smoothing.ts";
import { Follower } from "../src/pose/tracking.ts";
import { isFinitePoint, scale, type Point, type Points } from "../src/pose/vector.ts";

const MILLIMETRES = 1e-3, PIXELS = 5e-4, RADII = 1e-6, DEGREES = 2e-4;

const folder = (name: string): string => {
  const found = process.env[name];
  assert.ok(found, `${name} must name a folder`);
  return found;
};
const vectors = (name: string) =>
  JSON.parse(readFileSync(join(folder("SYNPOSE_VECTORS"), `${name}.json`), "utf8"));

const points = (given: (number[] | null)[]): Point[] => given.map((point) => point ?? [NaN, NaN]);

function near(found: Points, expected: Points, tolerance: number, what: string): void {
  assert.equal(found.length, expected.length, what);
  found.forEach((point, joint) => {
    if (!isFinitePoint(expected[joint]!)) return assert.ok(!isFinitePoint(point), what);
    point.forEach((value, axis) => {
      const off = Math.abs(value - expected[joint]![axis]!);
      assert.ok(off <= tolerance, `${what}: joint ${joint} is off by ${off}`);
    });
  });
}

function completion(): Completion {
  const from = folder("SYNPOSE_COMPLETION");
  const numbers = readFileSync(join(from, "completion.bin"));
  const content = numbers.buffer.slice(
    numbers.byteOffset, numbers.byteOffset + numbers.byteLength) as ArrayBuffer;
  return Completion.read(JSON.parse(readFileSync(join(from, "completion.json"), "utf8")), content);
}

test("layouts", () => {
  const found = Object.entries(LAYOUTS).map(([name, layout]) => [name, [...layout.joints]]);
  assert.deepEqual(Object.fromEntries(found), vectors("layouts"));
});

test("joints of detectors", () => {
  for (const { layout, points: given, joints } of vectors("joints").cases) {
    near(toH36m(points(given), LAYOUTS[layout]!), points(joints), PIXELS, layout);
  }
});

test("normalisation and lifting of both modes", () => {
  const { cases, body_height } = vectors("normalization");
  for (const given of cases) {
    const { pose, frame } = normalize2d(given.pixels, given.mode, given.distance, given.intrinsics);
    near(pose, given.normalized, RADII, given.mode);
    const lifted = lift(pose, given.depths, frame);
    near(lifted, given.lifted, RADII, given.mode);
    const unit = unitOf(lifted, body_height);
    near(lifted.map((point) => scale(point, unit)), given.millimetres, MILLIMETRES, given.mode);
  }
});

test("completion of missed joints", () => {
  const filler = completion();
  for (const given of vectors("completion").cases) {
    const seen = points(given.pixels).map(isFinitePoint);
    const known = points(given.pixels).map((point, i) => (seen[i] ? point : [0, 0]));
    assert.deepEqual(filler.distribution.outliers(known, seen), given.outliers);
    near(filler.distribution.complete(known, seen), given.guessed, PIXELS, "guessed");
    near(filler.complete(known, seen), given.complete, PIXELS, "complete");
  }
});

test("the whole way from joints with gaps to millimetres", async () => {
  const { cases, mode, distance, body_height } = vectors("lifting");
  for (const given of cases) {
    const depths = async (pose: Points) => {
      near(pose, given.normalized, 1e-5, "normalised");
      return given.depths;
    };
    const lifter = new Lifter(depths, completion(), mode, distance);
    const lifted = await lifter.lift(points(given.pixels), null, body_height);
    assert.ok(lifted);
    assert.deepEqual(lifted.inferred, given.inferred);
    near(lifted.keypoints, given.complete, PIXELS, "complete");
    near(lifted.pose, given.millimetres, MILLIMETRES, "millimetres");
  }
});

test("what is no person is not lifted", async () => {
  const lifter = new Lifter(async () => [], completion(), "paper", 0);
  const line = Array.from({ length: 17 }, (_, i) => [i * 10, i * 20]);
  assert.equal(await lifter.lift(line, null, 1700), null);
  const two = line.map((point, i) => (i < 2 ? point : [NaN, NaN]));
  assert.equal(await lifter.lift(two, null, 1700), null);
  assert.equal(fillGaps(vectors("normalization").cases[0].pixels, lifter.completion).inferred
    .some(Boolean), false);
});

test("One-Euro smoothing", () => {
  const { times, poses, smooth } = vectors("smoothing");
  const filter = new OneEuro();
  poses.forEach((pose: Points, frame: number) =>
    near(filter.filter(pose, times[frame]), smooth[frame], MILLIMETRES, `frame ${frame}`));
});

test("who is who", () => {
  const follower = new Follower();
  vectors("tracking").frames.forEach((given: { people: Points[]; numbers: number[] }, i: number) =>
    assert.deepEqual(follower.follow(i, given.people), given.numbers));
});

test("BVH", () => {
  const { people, files } = vectors("bvh");
  const found = bvhFiles(people).map((file) => file.trimEnd().split("\n"));
  assert.equal(found.length, files.length);
  found.forEach((lines, file) => lines.forEach((line, i) => {
    const words = line.trim().split(" "), expected = files[file][i].trim().split(" ");
    assert.equal(words.length, expected.length, line);
    words.forEach((word, j) => {
      if (Number.isNaN(Number(word)) || word === "") return assert.equal(word, expected[j]);
      assert.ok(Math.abs(Number(word) - expected[j]) <= DEGREES, `${line}\n${files[file][i]}`);
    });
  }));
});
