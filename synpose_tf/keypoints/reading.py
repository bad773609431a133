"""Reads keypoint files of any known format, recognised by their content.

Examples:
    >>> from synpose_tf import keypoints
    >>> (track,) = keypoints.read(["keypoints.json"]).tracks
    >>> track.name, len(track.frames), track.layout.name
    ('person 1', 12, 'COCO-17')

JSON is read as a stream, the joints go to disk: its size is bounded by the disk, the memory by
the number of people and frames (about 10 MB an hour and person). In the end the joints come into
memory, or stay where they are (`scratch`). Arrays (NumPy, HDF5) are read as a whole.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.io import restricted_npz
from synpose_tf.io.files import visible
from synpose_tf.io.scratch import Scratch, derived
from synpose_tf.keypoints import assembly, image_names, json_stream, tracking
from synpose_tf.keypoints.detections import Person, Sightings, labelled, split_number
from synpose_tf.keypoints.formats import (
    alphapose,
    coco_annotations,
    deeplabcut,
    detectron,
    lifted_poses,
    mediapipe,
    mmpose,
    numpy_arrays,
    openpose,
    results_list,
    sleap,
    stacked_hourglass,
    videopose3d,
    vitpose,
    yolo,
)
from synpose_tf.keypoints.layouts import LAYOUTS, WHOLE_BODY, by_names, named
from synpose_tf.keypoints.units import check as check_units
from synpose_tf.structures.tracks import KeypointTrack

SUFFIXES = (".json", ".npy", ".npz", ".h5", ".hdf5", ".csv")  # What is looked at in a folder.


@dataclasses.dataclass(frozen=True)
class Format:
    """A file format.

    Args:
        name: what users call it in `--format`.
        title: what it is.
        read: gives the people of a file, their joints in a scratch; None where a file is one frame.
        add_frame: adds the people of a file that is one frame; None where it is a recording.
        prefixes: what in a JSON file's head tells the format.
        arrays: the names of arrays that together tell an npz's format.
    """

    name: str
    title: str
    read: Callable[[pathlib.Path, Scratch], list[Person]] | None = None
    add_frame: Callable[[pathlib.Path, int, Sightings], None] | None = None
    prefixes: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()


FORMATS = {
    entry.name: entry
    for entry in (
        Format("results", results_list.NAME, results_list.read, None, (results_list.PREFIX,)),
        Format("alphapose", alphapose.NAME, alphapose.read, None, alphapose.PREFIXES),
        Format("openpose", openpose.NAME, None, openpose.add_frame, openpose.PREFIXES),
        Format(
            "coco_annotations",
            coco_annotations.NAME,
            coco_annotations.read,
            None,
            coco_annotations.PREFIXES,
        ),
        Format("mmpose", mmpose.NAME, mmpose.read, None, mmpose.PREFIXES),
        Format(
            "mmpose_images",
            mmpose.NAME_OF_IMAGES,
            None,
            mmpose.add_frame,
            mmpose.PREFIXES_OF_IMAGES,
        ),
        Format("mediapipe", mediapipe.NAME, mediapipe.read, None, (mediapipe.PREFIX,)),
        Format("yolo", yolo.NAME, None, yolo.add_frame, (yolo.PREFIX,)),
        Format("yolo_video", yolo.NAME_OF_VIDEOS, yolo.read, None, (yolo.PREFIX_OF_VIDEOS,)),
        Format("vitpose", vitpose.NAME, vitpose.read, None, (vitpose.PREFIX,)),
        Format("poses", lifted_poses.NAME, lifted_poses.read, arrays=lifted_poses.ARRAYS),
        Format("videopose3d", videopose3d.NAME, videopose3d.read, arrays=videopose3d.ARRAYS),
        Format("detectron", detectron.NAME, detectron.read, arrays=detectron.ARRAYS),
        Format("numpy", numpy_arrays.NAME, numpy_arrays.read),
        Format("hourglass", stacked_hourglass.NAME, stacked_hourglass.read),
        Format("deeplabcut", deeplabcut.NAME, deeplabcut.read),
        Format("sleap", sleap.NAME, sleap.read),
    )
}


@dataclasses.dataclass(frozen=True)
class Recording:
    """What the files of one call hold.

    Args:
        format: its title.
        tracks: one a person, names unique.
        notes: what was found in the data that a user should know.
    """

    format: str
    tracks: list[KeypointTrack]
    notes: list[str]


def read(
    paths: Sequence,
    *,
    format: str | None = None,
    layout: str | None = None,
    fps: float | None = None,
    image_size: tuple[int, int] | None = None,
    min_confidence: float | None = None,
    units: str | None = None,
    rotate: int = 0,
    titles: Sequence[str] | None = None,
    scratch: Scratch | None = None,
    progress: Callable = iter,
) -> Recording:
    """Reads the people of keypoint files.

    Args:
        paths: files, and folders of files; all of one format.
        format: one of `FORMATS`; None to recognise it.
        layout: one of `layouts.LAYOUTS`; None to take the file's or recognise it.
        fps: frames a second; None for the file's, or `tracking.DEFAULT_FPS`.
        image_size: (width, height), pixels; None for the file's or unknown.
        min_confidence: a joint of a lower confidence counts as missed; None for a quarter of the
            usual one (`belief`).
        units: of the coordinates, one of `units.UNITS`; None for the file's, or to recognise it.
        rotate: degrees, 90, 180 or 270, by which the image is turned clockwise.
        titles: what to call the recordings of several files, one for each; None for their names.
        scratch: a `Scratch()`, and the tracks' joints stay there, on disk, for recordings that
            need not fit into memory; None for arrays.
        progress: wraps the sequence of files, as `tqdm` does.

    Raises:
        SynposeError: a file is missing, damaged, of an unknown format, or holds nobody; or the
            layout or the unit can't be told.
    """
    place = scratch or Scratch()
    files = _files(paths)
    kind = _format(files, format)
    if kind.add_frame:
        found = _read_frames(kind, files, place, progress)
    else:
        found = []
        if titles is None:
            titles = image_names.labels([(str(path.parent), path.stem) for path in files])
        for path, title in zip(progress(files), titles, strict=True):
            persons = kind.read(path, place)
            found += labelled(persons, title) if len(files) > 1 else persons
    found = [person for person in found if len(person.frames)]
    if not found:
        raise SynposeError(f"{files[0]}: holds nobody. The detector saw no person in any frame.")
    if layout is None:
        found = [_in_named_layout(person) for person in found]
    wanted = assembly.Wanted(
        named(layout) if layout else None,
        fps,
        image_size,
        min_confidence,
        check_units(units),
        rotate,
    )
    tracks, notes = assembly.to_tracks(found, wanted, place)
    if scratch is None:
        tracks = [track.loaded() for track in tracks]
    return Recording(kind.title, tracks, notes)


def _in_named_layout(person):
    """With the layout that the joints' names in the file tell, and in its order."""
    names, count = person.joint_names, person.joints.shape[1]
    if names is None or count in WHOLE_BODY:
        return person
    if len(names) != count:
        raise SynposeError(
            f"{person.where}: {count} joints, but {len(names)} names of joints. Give --layout."
        )
    layout, order = by_names(names)
    if layout is None and None in names:
        return person
    if layout is None:
        raise SynposeError(
            f"{person.where}: it names the joints {', '.join(names)[:300]}. Expected those of one "
            f"of {', '.join(LAYOUTS)}. Give --layout if they are one's in its order, or bring "
            "them into it."
        )
    joints = derived(lambda rows: rows[:, order], person.joints)
    return dataclasses.replace(person, joints=joints, layout=layout)


def _files(paths):
    files = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            inside = [p for p in visible(path.iterdir()) if p.suffix.lower() in SUFFIXES]
            # DeepLabCut writes the same into both.
            twice = {p.with_suffix(".csv") for p in inside if p.suffix.lower() == ".h5"}
            inside = sorted(p for p in inside if p.is_file() and p not in twice)
            if not inside:
                folders = sorted(p.name for p in visible(path.iterdir()) if p.is_dir())
                hint = f" It holds folders: {', '.join(folders)[:200]}. Name those."
                raise SynposeError(
                    f"{path}: the folder holds no keypoint file. Expected {', '.join(SUFFIXES)}."
                    + (hint if folders else "")
                )
            files += inside
        elif path.is_file():
            files.append(path)
        else:
            raise SynposeError(f"{path}: no such file or folder.")
    if not files:
        raise SynposeError("no file is named. Name a keypoint file, or a folder of them.")
    return files


def _format(files, wanted):
    if wanted is not None:
        if wanted not in FORMATS:
            names = ", ".join(FORMATS)
            raise SynposeError(f"--format={wanted}: no such format. Expected one of {names}.")
        return FORMATS[wanted]
    kinds: dict[str, pathlib.Path] = {}
    for path in files:
        kind = _recognise(path)
        if kind is not None:
            kinds.setdefault(kind.name, path)
        if kind is not None and kind.add_frame:
            break  # Of many thousand files; each is checked where it is read.
    if not kinds:
        raise SynposeError(f"{files[0]}: an empty list, of people or of frames.")
    if len(kinds) > 1:
        (one, at), (other, there), *_ = kinds.items()
        raise SynposeError(
            f"{at} is {FORMATS[one].title} and {there} is {FORMATS[other].title}. Give files of "
            "one format at a time."
        )
    return FORMATS[next(iter(kinds))]


def _recognise(path):
    """The format of a file, or None for an empty JSON list, which is any's."""
    with path.open("rb") as handle:
        head = handle.read(4096)
    if not head:
        raise SynposeError(f"{path}: the file is empty.")
    if head.startswith(b"\x93NUMPY"):
        return FORMATS["numpy"]
    if head.startswith(b"\x1f\x8b"):
        raise SynposeError(f"{path}: a compressed file. Unpack it first.")
    if head.startswith(b"PK"):
        archives = [kind for kind in FORMATS.values() if kind.arrays]
        found = (kind for kind in archives if restricted_npz.holds(path, kind.arrays))
        return next(found, FORMATS["numpy"])
    if head.startswith(b"\x89HDF"):
        if sleap.holds(path):
            return FORMATS["sleap"]
        return FORMATS["deeplabcut" if deeplabcut.holds(path) else "hourglass"]
    if deeplabcut.starts(head):
        return FORMATS["deeplabcut"]
    if not json_stream.starts(head):
        raise SynposeError(
            f"{path}: no photo or video, and neither JSON nor NumPy, HDF5 or DeepLabCut's CSV. "
            f"Expected a file of keypoints: {'; '.join(kind.title for kind in FORMATS.values())}."
        )
    if head.lstrip().startswith(b"{") and json_stream.by_lines(path):
        raise SynposeError(
            f"{path}: a JSON object on each line. Write them as one list, [{{…}}, {{…}}, …]."
        )
    by_prefix = {prefix: kind for kind in FORMATS.values() for prefix in kind.prefixes}
    prefix, top = json_stream.find_prefix(path, by_prefix)
    if mmpose.LISTED in top and f"{mmpose.LISTED}.item" not in top:
        return None  # An image with nobody.
    if prefix is None and top == ["item"]:
        raise SynposeError(
            f"{path}: a list of numbers or texts. Texts that are JSON of a frame each: write what "
            "they hold, json.dump([json.loads(text) for text in texts], file)."
        )
    if prefix is None and top:
        raise SynposeError(
            f"{path}: JSON, but not of a known detector; it holds {', '.join(top)[:200]}. "
            f"Expected {'; '.join(k.title for k in FORMATS.values() if k.prefixes)}."
        )
    return None if prefix is None else by_prefix[prefix]


def _read_frames(kind, files, scratch, progress):
    """Files of one frame each, as recordings by what stands before the number of the frame."""
    numbered = [split_number(path.stem) for path in files]
    folders = [str(path.parent) for path in files]
    whole = {(*entry, folder) for entry, folder in zip(numbered, folders, strict=True)}
    counted = len(whole) < len(files) or any(frame is None for _, frame in numbered)
    recordings: dict[tuple[str, str], Sightings] = {}
    for index, path in enumerate(progress(files)):
        before, frame = ("", index) if counted else numbered[index]
        name = folders[index], before
        recordings.setdefault(name, Sightings(path.parent, scratch))
        kind.add_frame(path, frame, recordings[name])
    return tracking.separate_all(recordings)
