// The frames of a video element, one after another, as fast as they can be handled.

/** Calls `handle` with each frame's time, seconds, until `stopped`; frames meanwhile are left out. */
export function eachFrame(
  video: HTMLVideoElement, handle: (seconds: number) => Promise<void>, stopped: () => boolean,
): void {
  const next = () => {
    if ("requestVideoFrameCallback" in video) {
      video.requestVideoFrameCallback((_, { mediaTime }) => void run(mediaTime));
    } else {
      requestAnimationFrame(() => void run((video as HTMLVideoElement).currentTime));
    }
  };
  let last = -1;
  const run = async (seconds: number) => {
    if (stopped()) return;
    if (seconds > last) {
      last = seconds;
      await handle(seconds);
    }
    if (!stopped()) next();
  };
  next();
}
