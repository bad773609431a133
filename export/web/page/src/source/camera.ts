// The device's camera, front or back.

export type Facing = "user" | "environment";

const REASONS: Record<string, string> = {
  NotAllowedError: "The camera is not allowed. Allow it for this page in the browser's settings, "
    + "or open a file.",
  NotFoundError: "No camera was found. Connect one, or open a file.",
  OverconstrainedError: "This camera is not there. Take the other one, or open a file.",
  NotReadableError: "The camera can't be read. Does another program use it? Close that, or open "
    + "a file.",
};

/** Shows the camera in a video element; gives what ends it. */
export async function openCamera(video: HTMLVideoElement, facing: Facing): Promise<() => void> {
  if (!navigator.mediaDevices) {
    throw new Error("Browsers give the camera to pages of https:// and localhost alone. Open the "
      + "page from there, or open a file.");
  }
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      // As the camera has it: what is cut to a size has lost feet or hands.
      video: { facingMode: facing, width: { ideal: 1280 }, resizeMode: "none" } as MediaTrackConstraints,
    });
  } catch (error) {
    const { name, message } = error as DOMException;
    throw new Error(REASONS[name] ?? `The camera can't be opened (${message}).`);
  }
  video.srcObject = stream;
  await video.play();
  return () => {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
}
