"use strict";

// People, decoded from the page's data.

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
    this.colours = entry.colours; // of left, middle, right; null for those of the page
    this.start = entry.start;
    this.points = decode(entry.points, Int16Array);
    this.pointUnit = entry.point_unit;
    this.pixels = decode(entry.pixels, Int16Array);
    this.pixelUnit = entry.pixel_unit;
    this.certainties = decode(entry.certainty, Uint8Array);
  }

  // Joints at a moment, each [x, y, z] or null; null where the person has no pose.
  pose(moment) {
    return this.#read(this.points, this.pointUnit, 3, moment);
  }

  // Image points at a moment, each [x, y] or null; null where nothing was seen.
  picture(moment) {
    return this.#read(this.pixels, this.pixelUnit, 2, moment);
  }

  // How certain the detector is of a joint, from 0 to 1; null where it was inferred.
  certainty(moment, joint) {
    const byte = this.certainties[(moment - this.start) * this.joints + joint];
    return byte ? (byte - 1) / 254 : null;
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

// What is drawn of people at a moment: see viewer_drawing.js. `read` gives a person's points.
function figures(people, moment, read, paint) {
  return people.flatMap((person) => {
    const points = read(person);
    if (!points) return [];
    const certainty = points.map((_, joint) => person.certainty(moment, joint));
    return [{ name: person.name, points, certainty, colours: paint(person) }];
  });
}

// A person's colours: its own, brighter on a dark page, or the page's.
function paintOf(person, colours, dark) {
  if (!person.colours) return colours;
  const bright = (colour) => `#${[1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16);
    return Math.round(part + (255 - part) * 0.3).toString(16).padStart(2, "0");
  }).join("")}`;
  return Object.fromEntries(Object.entries(person.colours).map(
    ([side, colour]) => [side, dark ? bright(colour) : colour]));
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
