"use strict";

// The pictures behind the joints. A source's `get(index)` gives what can be drawn, or undefined
// while it is not there yet, or null where there is none; `trouble` says why.

function openPictures(data) {
  if (!data) return null;
  return data.jpegs ? new Stills(data.jpegs) : new Film(data);
}

// A picture a file, in the page itself.
class Stills {
  static KEPT = 24;
  static AHEAD = 4;

  constructor(files) {
    this.files = files;
    this.images = new Map();
    this.trouble = "";
  }

  get(index) {
    if (!(index in this.files)) return null;
    for (let next = index + Stills.AHEAD; next >= index; next--) this.#load(next);
    return this.images.get(index).ready;
  }

  #load(index) {
    if (!(index in this.files)) return;
    const known = this.images.get(index) ?? this.#decoded(index);
    this.images.delete(index); // The latest stand last.
    this.images.set(index, known);
    if (this.images.size > Stills.KEPT) this.images.delete(this.images.keys().next().value);
  }

  #decoded(index) {
    const entry = { ready: undefined };
    const image = new Image();
    image.src = `data:image/jpeg;base64,${this.files[index]}`;
    image.decode().then(() => { entry.ready = image; }, () => { entry.ready = null; });
    return entry;
  }
}

// All pictures in a film, in the page or beside it, at a constant rate. It is never played, but
// moved to the middle of a picture's time, so that no other can be shown.
class Film {
  constructor({ film, url, name, rate, count }) {
    this.rate = rate;
    this.trouble = "";
    this.video = Object.assign(document.createElement("video"), {
      muted: true, playsInline: true, preload: "auto",
    });
    this.there = -1; // the picture that the video stands at
    this.wanted = -1; // and the one that it is on its way to
    this.video.addEventListener("seeked", () => this.#arrived());
    this.video.addEventListener("error", () => {
      this.trouble = url
        ? `The pictures are in ${name}, which is not beside this page, or is damaged.`
        : "The pictures are H.264 video, which this browser does not play.";
    });
    this.video.addEventListener("loadedmetadata", () => {
      this.loaded = true; // Telephones load pictures only when one is asked for.
      if (Math.abs(this.video.duration * rate - count) > 1.5) {
        this.trouble = `${name} beside this page holds other pictures.`;
      }
    });
    this.video.src = url ?? URL.createObjectURL(
      new Blob([decode(film, Uint8Array)], { type: "video/mp4" }));
    this.video.load();
  }

  get(index) {
    if (this.trouble || index < 0) return null;
    if (this.there === index) return this.video;
    if (this.loaded && this.wanted < 0) {
      this.wanted = index;
      this.video.currentTime = (index + 0.5) / this.rate;
    }
    return undefined;
  }

  #arrived() {
    const off = Math.abs(this.video.currentTime * this.rate - 0.5 - this.wanted);
    if (off > 0.4) {
      this.trouble = "The server of this page sends videos only as a whole. Open the page from a disk.";
    }
    this.there = this.wanted;
    this.wanted = -1;
  }
}
