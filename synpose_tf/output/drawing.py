"""Drawing of people on panels: what a camera saw in 2D, and the stage in perspective.

Drawn with Pillow, a few milliseconds a panel. Lengths on a panel are its pixels; it is drawn
larger and scaled down, which smooths the edges.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from synpose_tf.io.scratch import Column, pieces, slices
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import PoseTrack
from synpose_tf.visualization import colours

PAGE, PANEL, EDGE, TEXT, FAINT = "#f3f4f6", "#ffffff", "#dfe3e8", "#1d2330", "#667085"
_FLOOR, _GRID, _SHADOW = "#f1f3f6", "#dde2e9", "#d3d8df"

_SCALE = 2  # a panel is drawn this much larger
_FIELD = np.tan(np.radians(15.0))  # half the camera's field of view
_CELL = 500.0  # mm, of the floor's grid
_LEFT, _RIGHT = H36M_17.index("LHip"), H36M_17.index("RHip")


class Panel:
    """A picture to draw on, (width, height) pixels."""

    def __init__(self, width: int, height: int, colour: str = PANEL):
        self.size = np.array([width, height])
        self._image = Image.new("RGB", (width * _SCALE, height * _SCALE), colour)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, start: np.ndarray, end: np.ndarray, colour: str, width: float) -> None:
        """A line with round ends."""
        ends = np.array([start, end]) * _SCALE
        self._draw.line([*map(tuple, ends)], colour, round(width * _SCALE))
        for end in ends:
            self._circle(end, width * _SCALE / 2 - 0.5, fill=colour)

    def dot(self, place: np.ndarray, radius: float, colour: str, certainty: float = 1.0) -> None:
        """A joint: a disc, the paler inside the less certain; a ring for one inferred, NaN."""
        if np.isnan(certainty):
            ring = {"fill": PANEL, "outline": colour, "width": round(radius * 0.6 * _SCALE)}
            self._circle(place * _SCALE, radius * 1.35 * _SCALE, **ring)
            return
        self._circle(place * _SCALE, radius * _SCALE, fill=colour)
        if certainty < 1.0:
            pale = colours.mixed(PANEL, colour, certainty)
            self._circle(place * _SCALE, radius * 0.65 * _SCALE, fill=pale)

    def picture(self, image: Image.Image, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """An image between two corners, which may lie outside."""
        start, end = np.asarray(low) * _SCALE, np.asarray(high) * _SCALE
        first = np.maximum(np.rint(start), 0).astype(int)
        last = np.minimum(np.rint(end), self._image.size).astype(int)
        if (last <= first).any():
            return
        share = image.size / (end - start)
        box = np.clip([(first - start) * share, (last - start) * share], 0, image.size)
        part = image.resize(tuple(last - first), Image.Resampling.BILINEAR, tuple(box.ravel()))
        self._image.paste(part, tuple(first))

    def _circle(self, centre, radius, **look):
        self._draw.ellipse([*(centre - radius), *(centre + radius)], **look)

    def polygon(self, corners: npt.ArrayLike, colour: str) -> None:
        self._draw.polygon([*map(tuple, np.asarray(corners) * _SCALE)], colour)

    def rectangle(self, low: np.ndarray, high: np.ndarray, colour: str) -> None:
        """An outline."""
        self._draw.rectangle([*(low * _SCALE), *(high * _SCALE)], outline=colour, width=_SCALE)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: int = 12,
        colour: str = FAINT,
        anchor: str = "la",
        plate: bool = False,
    ) -> None:
        """Text, on a plate where something lies below it."""
        font = ImageFont.load_default(size * _SCALE)
        place = (x * _SCALE, y * _SCALE)
        if plate:
            left, top, right, bottom = self._draw.textbbox(place, text, font, anchor)
            box = (left - 6 * _SCALE, top - 4 * _SCALE, right + 6 * _SCALE, bottom + 4 * _SCALE)
            self._draw.rounded_rectangle(box, 5 * _SCALE, fill=PANEL)
        self._draw.text(place, text, colour, font, anchor)

    def put(self, panel: "Panel", x: int, y: int) -> None:
        """Lays another panel on this one, with round corners."""
        mask = Image.new("L", panel._image.size)
        box = (0, 0, panel._image.width - 1, panel._image.height - 1)
        ImageDraw.Draw(mask).rounded_rectangle(box, 10 * _SCALE, fill=255)
        self._image.paste(panel._image, (x * _SCALE, y * _SCALE), mask)

    def legend(self, x: float, y: float, people: int = 1) -> None:
        """What the colours mean, in a line that begins at x with its middle at y."""
        sides = {"left": colours.LEFT, "right": colours.RIGHT}
        if people > 1:
            light, dark = (colours.of_people(2)[0][joint] for joint in (_LEFT, _RIGHT))
            sides = {"left, lighter": light, "right, darker": dark}
        for text, colour in sides.items():
            self.line(np.array([x, y]), np.array([x + 14, y]), colour, 4)
            x = self._entry(x + 22, y, text)
        for text, certainty in (("unsure joint", 0.3), ("inferred joint", np.nan)):
            self.dot(np.array([x + 5, y]), 4, FAINT, certainty)
            x = self._entry(x + 16, y, text)

    def _entry(self, x, y, text):
        """Writes a legend's text; gives where the next entry begins."""
        self.text(x, y, text, anchor="lm")
        font = ImageFont.load_default(12 * _SCALE)
        return x + self._draw.textlength(text, font) / _SCALE + 16

    def image(self) -> Image.Image:
        return self._image.reduce(_SCALE)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A person as drawn.

    Args:
        points: (17, 2) pixels of the image, missing joints NaN; or (17, 3) on the stage.
        certainty: (17,), of a detected joint from 0 to 1, of an inferred one NaN.
        colours: of each joint, and of the bone that ends there.
    """

    points: np.ndarray
    certainty: np.ndarray
    colours: Sequence[str]


# === 2D ===
@dataclasses.dataclass(frozen=True)
class ImageFrame:
    """The part of the camera's image that a panel shows.

    Args:
        centre, span: (2,), pixels of the image.
        image_size: (width, height) of the whole, or None where unknown.
        margin: (2,), pixels of the panel that stay free around it, across and down.
    """

    centre: np.ndarray
    span: np.ndarray
    image_size: tuple[int, int] | None
    margin: tuple[int, int] = (32, 60)

    @classmethod
    def whole(cls, size: tuple[int, int]) -> "ImageFrame":
        """All of an image, without a margin."""
        span = np.asarray(size, float)
        return cls(span / 2, span, size, (0, 0))

    @classmethod
    def around(cls, tracks: Sequence[PoseTrack]) -> "ImageFrame":
        """Everybody at every moment."""
        low, high = np.full(2, np.inf), np.full(2, -np.inf)
        for track in tracks:
            for points in pieces(track.keypoints):
                least, most = _bounds(points.reshape(1, -1, 2))
                low, high = np.minimum(low, least[0]), np.maximum(high, most[0])
        if not np.isfinite(low).all():
            low = high = np.zeros(2)
        size = next((track.image_size for track in tracks if track.image_size), None)
        return cls((low + high) / 2, high - low, size)

    def moved_to(self, points: np.ndarray) -> "ImageFrame":
        """The frame with a person (17, 2) in the middle, if any joint is there."""
        low, high = _bounds(points[None])
        centre = (low + high)[0] / 2 if np.isfinite(low).all() else np.zeros(2)
        return dataclasses.replace(self, centre=centre)


def largest_span(track: PoseTrack) -> np.ndarray:
    """(2,), pixels: the width and the height that a person has at most."""
    span = np.zeros(2)
    for points in pieces(track.keypoints):
        low, high = _bounds(points)
        span = np.maximum(span, (high - low).max(axis=0))  # Of none -inf.
    return span


def _bounds(points):
    """Lowest and highest (n, 2) of each row of points (n, m, 2); inf, -inf of none."""
    known = np.isfinite(points).all(axis=-1, keepdims=True)
    low = np.where(known, points, np.inf).min(axis=1)
    return low, np.where(known, points, -np.inf).max(axis=1)


def draw_2d(
    panel: Panel,
    frame: ImageFrame,
    people: Sequence[Figure],
    picture: Image.Image | None = None,
) -> None:
    """Draws people, and the picture that they were seen in, which fills `frame.image_size`."""
    scale = ((panel.size - frame.margin) / np.maximum(frame.span, 1.0)).min()
    middle = panel.size / 2 + [0, 8 if frame.margin[1] else 0]
    shift = middle - frame.centre * scale
    if picture is not None:
        panel.picture(picture, shift, np.array(frame.image_size) * scale + shift)
    elif frame.image_size:
        panel.rectangle(shift, np.array(frame.image_size) * scale + shift, _GRID)
    for person in people:
        places = person.points * scale + shift
        low, high = _bounds(places[None])
        tall = np.linalg.norm(high - low) if np.isfinite(low).all() else 0.0
        width = np.clip(tall / 60, 1.2, panel.size.min() / 90)
        if picture is not None:  # parts it from what lies below
            _draw_bones(panel, places, [PANEL] * len(places), width + min(1.6, 0.6 * width))
        _draw_bones(panel, places, person.colours, width)
        for place, colour, certainty in zip(places, person.colours, person.certainty, strict=True):
            if np.isfinite(place).all():
                panel.dot(place, width * 1.1, colour, certainty)


def _draw_bones(panel, places, colour, width):
    for child, parent in H36M_17.bones:
        if np.isfinite(places[[child, parent]]).all():
            panel.line(places[parent], places[child], colour[child], width)


# === 3D ===
@dataclasses.dataclass(frozen=True)
class View:
    """A camera that looks at the stage, far enough away to see all however it turns.

    Args:
        centre: (3,), what it looks at, relative to the anchor.
        distance: from there, millimetres.
        ground: radius of the floor, millimetres.
        anchors: (T, 3), for each moment what the view moves along with.
        elevation: radians above the horizon.
    """

    centre: np.ndarray
    distance: float
    ground: float
    anchors: np.ndarray
    elevation: float = 0.16

    @classmethod
    def of(cls, people: Sequence[Column], rows: Sequence[np.ndarray]) -> "View":
        """The view of staged people (F, 17, 3): of one moving along, of several all places.

        `rows` are the people's indices (T,) of each moment, -1 for none.
        """
        anchors = np.zeros((len(rows[0]), 3))
        if len(people) == 1:
            for part in slices(len(anchors)):
                anchors[part] = people[0][rows[0][part]][:, 0] * [1.0, 0.0, 1.0]
            known = (rows[0] >= 0) & np.isfinite(anchors).all(axis=-1)
            last = np.maximum.accumulate(np.where(known, np.arange(len(anchors)), -1))
            anchors = anchors[np.where(last < 0, np.argmax(known), last)]
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        for points, row in zip(people, rows, strict=True):
            for part in slices(len(row)):
                there = row[part] >= 0
                seen = points[row[part][there]] - anchors[part][there, None]
                seen = seen[np.isfinite(seen).all(axis=(1, 2))].reshape(-1, 3)
                low = np.minimum(low, seen.min(axis=0, initial=np.inf))
                high = np.maximum(high, seen.max(axis=0, initial=-np.inf))
        radius = float(np.linalg.norm((high - low)[[0, 2]]) / 2)
        # A cylinder around them must fit; 1.12 leaves a margin.
        distance = max(radius, (high[1] - low[1]) / 2) * 1.12 / _FIELD + radius
        return cls((low + high) / 2, distance, max(1000.0, radius + 500.0), anchors)

    def project(
        self, points: np.ndarray, azimuth: float, anchor: np.ndarray, size: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stage points (..., 3) to panel pixels (..., 2) and pixels a millimetre (...,)."""
        x, y, z = np.moveaxis(points - self.centre - anchor, -1, 0)
        cos, sin = np.cos(azimuth), np.sin(azimuth)
        across, along = x * cos - z * sin, x * sin + z * cos
        cos, sin = np.cos(self.elevation), np.sin(self.elevation)
        up, near = y * cos - along * sin, y * sin + along * cos
        scale = size.min() / 2 / _FIELD / np.maximum(self.distance - near, 50.0)
        return np.stack([across, -up], axis=-1) * scale[..., None] + size / 2, scale


def draw_3d(
    panel: Panel, view: View, moment: int, azimuth: float, people: Sequence[Figure]
) -> None:
    """Draws people on the stage, the farther ones first."""
    anchor = view.anchors[moment]

    def project(points: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        return view.project(np.asarray(points), azimuth, anchor, panel.size)

    _draw_floor(panel, view, anchor, project)
    shapes: list[tuple] = []  # How near, what draws it, and with what.
    for person in people:
        _draw_shadow(panel, project(person.points * [1.0, 0.0, 1.0]))
        places, scales = project(person.points)
        nearest = scales.copy()  # of a joint and its bones: it lies on them
        for child, parent in H36M_17.bones:
            depth = scales[[child, parent]].mean()
            nearest[[child, parent]] = np.maximum(nearest[[child, parent]], depth)
            ends = places[[child, parent]]
            width = max(2.0, 34 * depth)
            shapes.append((depth, _draw_bone, ends, person.colours[child], width))
        for joint, place in enumerate(places):
            radius = max(1.8, 26 * scales[joint])
            look = (radius, person.colours[joint], person.certainty[joint])
            shapes.append((nearest[joint], Panel.dot, place, *look))
    for _, draw, *what in sorted(shapes, key=lambda shape: shape[0]):
        draw(panel, *what)


def _draw_bone(panel, ends, colour, width):
    start, step = ends[0], ends[1] - ends[0]
    panel.line(start + 0.2 * step, start + 0.8 * step, PANEL, width + 3)  # parts it from others
    panel.line(*ends, colour, width)


def _draw_shadow(panel, projected):
    places, scales = projected
    for child, parent in H36M_17.bones:
        panel.line(places[child], places[parent], _SHADOW, max(2.0, 40 * scales[child]))


def _draw_floor(panel, view, anchor, project):
    centre = (view.centre + anchor)[[0, 2]]
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    rim = centre + view.ground * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    panel.polygon(project(np.insert(rim, 1, 0.0, axis=1))[0], _FLOOR)
    for axis in (0, 1):
        first, last = (np.round(centre[axis] + s * view.ground) / _CELL for s in (-1, 1))
        for number in range(int(np.ceil(first)), int(np.floor(last)) + 1):
            place = number * _CELL
            half = np.sqrt(max(0.0, view.ground**2 - (place - centre[axis]) ** 2))
            ends = np.zeros((2, 3))
            ends[:, 2 * axis] = place
            ends[:, 2 - 2 * axis] = centre[1 - axis] + [-half, half]
            panel.line(*project(ends)[0], _GRID, 1)
