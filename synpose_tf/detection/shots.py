"""Where a film cuts to another scene, told by the pictures.

Two pictures of one scene correlate, at some shift, as the camera may turn, and at any brightness:
above 0.84 in the quickest pan and in flickering light; across cuts between four cameras of one
room 0.28 to 0.44 (docs/design.md). A picture that is unlike the one before is a cut only if the
next one is, too: a flash and a damaged picture are none.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from synpose_tf.video.pictures import Picture

WINDOW = 30  # Pictures before, on which it depends whether a picture begins a scene.
_LEAST = 0.6  # Correlation of pictures of one scene.
_SURE = 0.9  # At no shift; then others are not looked for.
_SIDE = 48  # Of the small picture that is compared.
_SHIFT = 4  # The largest shift, as a part of the picture.
_FLAT = 4.0  # Grey levels of deviation: a picture of one shade tells of no scene.


def cuts(pictures: Iterable[Picture]) -> Iterator[tuple[Picture, bool]]:
    """Yields each picture and whether another scene begins with it; one picture late."""
    before, held = None, None  # The scene's last picture of some shades; the one that waits.
    for picture in pictures:
        small = _small(picture.image)
        if held is not None:
            apart = _apart(before, held[1])
            cut = apart and _apart(before, small)
            yield held[0], cut
            if held[1] is not None and (cut or not apart):
                before = held[1]
        held = picture, small
    if held is not None:
        yield held[0], _apart(before, held[1])


def _small(image):
    """(h, w), grey, of about 48 pixels at the longer side; None for one shade."""
    step = max(1, max(image.shape) // (4 * _SIDE))
    green = image[::step, ::step, 1]
    block = max(1, max(green.shape) // _SIDE)
    rows, columns = (max(1, side // block) for side in green.shape)
    green = green[: rows * block, : columns * block].astype(np.float32)
    small = green.reshape(rows, block, columns, block).mean(axis=(1, 3))
    small -= small.mean()
    return small if small.std() > _FLAT else None


def _apart(one, other):
    """Whether small pictures are of two scenes; of one shade tells nothing."""
    return one is not None and other is not None and _correlation(one, other) < _LEAST


def _correlation(one, other):
    still = float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
    if still > _SURE:
        return still
    shape = 2 * one.shape[0], 2 * one.shape[1]

    def products(first, second):
        """(2 h, 2 w): sums of products at each shift."""
        spectrum = np.fft.rfft2(first, shape) * np.fft.rfft2(second, shape).conj()
        return np.fft.irfft2(spectrum, shape)

    overlap = np.ones_like(one)
    energy = products(one**2, overlap) * products(overlap, other**2)
    found = products(one, other) / np.sqrt(np.maximum(energy, 1.0))
    rows, columns = (np.r_[0 : side // _SHIFT + 1, -(side // _SHIFT) : 0] for side in one.shape)
    return float(found[np.ix_(rows, columns)].max())
