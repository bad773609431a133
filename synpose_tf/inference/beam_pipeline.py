"""The Apache Beam pipeline that lifts keypoint archives: read a piece, lift it, write it.

Each piece is read, with the frames around it that its poses depend on, lifted and written by one
worker. No data goes from worker to worker, so memory depends on the size of a piece and not of the
archive. Paths may be of any file system that
Beam knows.
"""

import dataclasses
import json
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.utils.shared import Shared

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError
from synpose_tf.inference import beam_arrays, over_time, pretrained
from synpose_tf.inference.lifter import Lifter
from synpose_tf.inference.roll import turned_intrinsics
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import assembly, belief, units
from synpose_tf.keypoints.formats import numpy_arrays
from synpose_tf.keypoints.layouts import named
from synpose_tf.keypoints.reading import FORMATS, SUFFIXES
from synpose_tf.keypoints.upright import camera_roll, roll_note
from synpose_tf.models.folded_temporal import FRAME_RATE
from synpose_tf.output import npz_file
from synpose_tf.structures.tracks import KeypointTrack, PoseTrack

MANIFEST = "manifest.json"


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to lift; the flags of `synpose_tf.beam_lift`."""

    pretrained: str = "paper"
    workdir: str | None = None
    intrinsics: tuple[float, ...] | None = None
    layout: str | None = None
    fps: float | None = None
    image_size: tuple[float, float] | None = None
    min_confidence: float | None = None
    units: str | None = None
    body_height: float = 1700.0
    roll: float | None = None
    rotate: int = 0
    temporal: bool = True

    def lifter(self) -> Lifter:
        """The lifter, with what corrects poses in time where there is that and it is wanted.

        Raises:
            SynposeError: there is no such lifter.
        """
        if self.workdir:
            lifter = Lifter.from_workdir(self.workdir)
            if not self.temporal:
                lifter.temporal = None
            return lifter
        corrected = self.temporal and pretrained.has_temporal(self.pretrained)
        return Lifter.from_pretrained(self.pretrained, "centred" if corrected else "")

    def wanted(self, piece: "Piece | None" = None) -> assembly.Wanted:
        """What the user says, and where that leaves it open, what a piece's file tells."""
        layout, least = self.layout, self.min_confidence
        if piece is not None:
            layout = piece.layout or layout
            least = piece.min_confidence if least is None else least
        size = self.image_size and (int(self.image_size[0]), int(self.image_size[1]))
        unit = units.check(self.units)
        known = named(layout) if layout else None
        return assembly.Wanted(known, self.fps, size, least, unit, self.rotate)


@dataclasses.dataclass(frozen=True)
class Piece:
    """What becomes one file of results: frames of a NumPy file, or a whole file.

    Args:
        path: the file.
        name: of the file of results.
        start, stop: frames; None for all.
        layout: of the joints, by its name, or None to have it recognised.
        min_confidence: a joint below counts as missed; None for what all of the file's frames say.
        roll: degrees, the camera's; None to estimate it.
        around: rows to each side that are read as well, because poses depend on them.
    """

    path: str
    name: str
    start: int = 0
    stop: int | None = None
    layout: str | None = None
    min_confidence: float | None = None
    roll: float | None = None
    around: int = 0


# === What is to be done ===
def plan(paths: Sequence[str], frames: int, settings: Settings) -> list[Piece]:
    """Splits files into pieces, each of at most `frames` frames where a file can be split.

    Raises:
        SynposeError: a file is missing, or its layout can't be told.
    """
    settings.wanted()  # Says what is wrong with the layout.
    network = settings.lifter().temporal
    pieces = []
    for path in _files(paths):
        count = beam_arrays.frame_count(path)
        if count is None:
            pieces.append(Piece(path, ""))
            continue
        rate, layout, least, roll = _told(path, min(count, frames), settings)
        around = over_time.frames_around(network, rate)
        for start in range(0, count, frames):
            stop = min(start + frames, count)
            pieces.append(Piece(path, "", start, stop, layout, least, roll, around))
    return [
        dataclasses.replace(piece, name=f"poses-{index:05d}-of-{len(pieces):05d}.npz")
        for index, piece in enumerate(pieces)
    ]


def _files(paths):
    files = []
    for path in paths:
        if os.path.isfile(path):  # Whatever characters of a pattern its name has.
            files.append(path)
            continue
        folder = os.path.isdir(path)
        try:
            (match,) = FileSystems.match([os.path.join(path, "*") if folder else path])
        except BeamIOError as error:
            raise SynposeError(f"{path}: cannot be looked for ({error}).") from error
        found = sorted(metadata.path for metadata in match.metadata_list)
        if folder:
            names = [pathlib.Path(name) for name in found]
            names = [name for name in names if name.suffix.lower() in SUFFIXES]
            found = [str(name) for name in names if not name.name.startswith(".")]
        if not found:
            raise SynposeError(
                f"{path}: no such file, or a folder without {', '.join(SUFFIXES)} files. Expected "
                "a file, a folder of this machine, or a pattern such as gs://bucket/folder/*.npy."
            )
        files += found
    if not files:
        raise SynposeError("no file is named. Name a keypoint file, or a folder of them.")
    return files


def _told(path, frames, settings):
    """Rate, layout, least confidence and roll by what the first frames tell, for all pieces."""
    people, _ = _people(Piece(path, "", 0, frames))
    least = settings.min_confidence
    if least is None:
        least = belief.least_confidence([person.joints for person in people])
    try:
        track = assembly.to_tracks(people, settings.wanted())[0][0]
    except assembly.NobodyError:
        if settings.layout:
            return settings.fps or FRAME_RATE, settings.layout, least, None
        raise SynposeError(
            f"{path}: nobody is seen in the first {frames} frames, so the layout can't be told. "
            "Give --layout."
        ) from None
    roll = camera_roll(track.keypoints, track.layout)
    return over_time.frame_rate(track.times), track.layout.name, least, roll


# === Reading ===
def _people(piece):
    """Who is in the frames of a piece and around it, the longest first, and the piece's frames.

    Nothing else of the file is held.
    """
    first = max(piece.start - piece.around, 0)
    with tempfile.TemporaryDirectory() as folder:
        local = pathlib.Path(folder) / "piece.npz"
        beam_arrays.cut(piece.path, first, piece.stop + piece.around, local)
        with np.load(local) as arrays:
            frames = arrays["frames"][piece.start - first : piece.stop - first]
        try:
            people = numpy_arrays.read(local, Scratch())
        except SynposeError as error:
            raise SynposeError(str(error).replace(str(local), piece.path)) from error
    people = [dataclasses.replace(p, where=piece.path, joints=p.joints[:]) for p in people]
    return people, (int(frames[0]), int(frames[-1]))


def read(
    piece: Piece, settings: Settings
) -> tuple[list[KeypointTrack], list[str], tuple[int, int] | None]:
    """The people of a piece and around it, notes for the user, and the piece's frames.

    These are its first and its last one; None for a whole file.

    Raises:
        SynposeError: the file is damaged, or one frame of many.
    """
    if piece.stop is None:
        return *_read_file(piece.path, settings), None
    (people, frames), wanted = _people(piece), settings.wanted(piece)
    try:
        return *assembly.to_tracks(people, wanted), frames
    except assembly.NobodyError as error:
        return [assembly.nobody(people, wanted)], error.notes, frames


def inside(tracks: Sequence[PoseTrack], frames: tuple[int, int] | None) -> list[PoseTrack]:
    """Tracks without the frames around a piece, from whose first to whose last frame they go."""
    if frames is None:
        return list(tracks)
    ends = [np.searchsorted(t.frames, [frames[0], frames[1] + 1]) for t in tracks]
    parts = [t.part(slice(*map(int, rows))) for t, rows in zip(tracks, ends, strict=True)]
    return [part for part in parts if len(part.frames)]


def _read_file(path, settings):
    wanted = settings.wanted()
    with tempfile.TemporaryDirectory() as folder:
        local = pathlib.Path(path)
        if FileSystems.get_scheme(path):
            local = pathlib.Path(folder) / FileSystems.split(path)[1]
            with beam_arrays.open_file(path) as source, local.open("wb") as target:
                shutil.copyfileobj(source, target)
        recording = keypoints.read(
            [local],
            layout=settings.layout,
            fps=settings.fps,
            image_size=wanted.image_size,
            min_confidence=settings.min_confidence,
            units=settings.units,
            rotate=settings.rotate,
            scratch=Scratch(),
        )
    if recording.format in {kind.title for kind in FORMATS.values() if kind.add_frame}:
        raise SynposeError(
            f"{path}: {recording.format}, a file for each frame. Lift its folder with "
            "python -m synpose_tf.lift."
        )
    return recording.tracks, recording.notes


# === The pipeline ===
class Lift(beam.DoFn):
    """Lifts a piece, writes its file and gives what the manifest says about it."""

    def __init__(self, settings: Settings, output: str):
        self.settings = settings
        self.output = output
        self._shared = Shared()

    def setup(self) -> None:
        self._lifter = self._shared.acquire(self._load)  # Once in a process, for all its threads.

    def _load(self):
        return self.settings.lifter()

    def process(self, piece: Piece) -> Iterator[dict[str, Any]]:
        about = dataclasses.asdict(piece)
        try:
            found, notes, frames = read(piece, self.settings)
            tracks = inside([self._lift(track, piece.roll) for track in found], frames)
            write(tracks, self.output, piece.name)
        except SynposeError as error:
            yield about | {"error": str(error)}
            return
        counts = {
            "frames": sum(len(track.frames) for track in tracks),
            "lifted": sum(int(track.lifted.sum()) for track in tracks),
        }
        if self.settings.roll is None:
            rolled = [track for track in tracks if track.roll]
            notes = notes + [f"{track.name}: {roll_note(track.roll)}" for track in rolled]
        corrected = any(map(self._lifter.corrects, found))
        yield about | counts | {"corrected": corrected, "notes": notes}

    def _lift(self, track, roll):
        settings = self.settings
        given = None if settings.intrinsics is None else np.array(settings.intrinsics)
        intrinsics = turned_intrinsics(given, settings.rotate, track)
        roll = roll if settings.roll is None else settings.roll
        return self._lifter.lift_track(track, intrinsics, settings.body_height, roll)


def write(tracks: Sequence[PoseTrack], folder: str, name: str) -> None:
    """Writes a file as `synpose_tf.lift` does, whole or not at all, to any file system.

    Raises:
        SynposeError: it can't be written.
    """
    with tempfile.TemporaryDirectory() as scratch:
        local = pathlib.Path(scratch) / name
        npz_file.write(tracks, local)
        with local.open("rb") as source:
            _put(source, FileSystems.join(folder, name))


def _put(source, path):
    """Copies a stream into a file that is whole or not there."""
    folder, name = FileSystems.split(path)
    temporary = FileSystems.join(folder, f".{name}.{os.getpid()}")
    try:
        with FileSystems.create(
            temporary, compression_type=CompressionTypes.UNCOMPRESSED
        ) as target:
            shutil.copyfileobj(source, target)
        FileSystems.rename([temporary], [path])
    except (OSError, BeamIOError) as error:
        raise SynposeError(f"{path}: can't be written ({error}).") from error


def _write_manifest(parts, output):
    text = json.dumps(sorted(parts, key=lambda part: part["name"]), indent=1) + "\n"
    with tempfile.TemporaryFile() as source:
        source.write(text.encode())
        source.seek(0)
        _put(source, FileSystems.join(output, MANIFEST))


def run(
    pieces: Sequence[Piece], settings: Settings, output: str, flags: Sequence[str] = ()
) -> list[dict]:
    """Lifts pieces and waits for the end.

    A piece that fails does not stop the others.

    Args:
        pieces: from `plan`.
        settings: how to lift.
        output: folder of the results, one .npz a piece, and of the manifest, written last.
        flags: Beam's own, such as `--runner=FlinkRunner`; the DirectRunner by default.

    Returns:
        What the manifest says: of each piece its fields, and `frames` and `lifted`, how many
        there are and have a pose, `corrected`, whether by the frames around them, and `notes`,
        sentences; or `error`.

    Raises:
        SynposeError: the folder holds results, or can't be made.
    """
    _new_folder(output)
    with beam.Pipeline(options=PipelineOptions(list(flags))) as pipeline:
        _ = (
            pipeline
            | "pieces" >> beam.Create(list(pieces))
            | "spread" >> beam.Reshuffle()
            | "lift" >> beam.ParDo(Lift(settings, output))
            | "together" >> beam.combiners.ToList()
            | "manifest" >> beam.Map(_write_manifest, output)
        )
    with beam_arrays.open_file(FileSystems.join(output, MANIFEST)) as handle:
        return json.loads(handle.read())


def _new_folder(output):
    try:
        (match,) = FileSystems.match([FileSystems.join(output, "*")])
        if match.metadata_list:
            raise SynposeError(
                f"--output={output}: holds {len(match.metadata_list)} files. Name another folder, "
                "or empty it."
            )
        if not FileSystems.exists(output):
            FileSystems.mkdirs(output)
    except (OSError, BeamIOError) as error:
        raise SynposeError(f"--output={output}: can't be made ({error}).") from error
