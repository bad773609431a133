// Videos and photos from files.

export const isPhoto = (file: File): boolean => file.type.startsWith("image/");

const unreadable = (file: File): Error => new Error(
  `${file.name}: the browser can't read this as a video or a photo. MP4, WebM, JPEG and PNG work `
  + "everywhere; a keypoint file ends in .json.");

export async function openPhoto(file: File): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file); // Turned as its EXIF says.
  } catch {
    throw unreadable(file);
  }
}

/** Shows a video file in a video element, from its start; gives what ends it. */
export async function openVideo(video: HTMLVideoElement, file: File): Promise<() => void> {
  const url = URL.createObjectURL(file);
  const close = () => {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(url);
  };
  video.src = url;
  try {
    await video.play();
    if (!video.videoWidth) throw new Error("a sound alone");
  } catch {
    close();
    throw unreadable(file);
  }
  return close;
}
