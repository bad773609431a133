"""What a folder holds of Human3.6M.

Names tell all of the official and Martinez's files; VideoPose3D's `.npz` hold one array each,
which is read for its keys.
"""

import collections
import functools
import pathlib

from synpose_tf.datasets.h36m import join, sources, takes, videopose3d
from synpose_tf.datasets.h36m.config import H36mConfig
from synpose_tf.datasets.pose_dataset import View
from synpose_tf.datasets.survey import Ready, Survey, table

FILES = (
    "Poses_D3_Positions_S*.tgz, data_3d_h36m.npz or h36m.zip, packed or unpacked; for detections "
    "data_2d_h36m_<kind>.npz or h36m.zip"
)
DETECTIONS = {
    "sh_pt_mpii": "h36m.zip",
    "sh_ft_h36m": "stacked_hourglass_fined_tuned_240.tar.gz",
    "cpn_ft_h36m_dbb": "data_2d_h36m_cpn_ft_h36m_dbb.npz",
}


def survey(folder: pathlib.Path) -> Survey | None:
    """What lies in a folder and below it.

    Raises:
        SynposeError: a file is damaged, or names something that Human3.6M does not have.
    """
    found = sources.look(folder)
    if not found:
        return None
    poses = _first(found, lambda source: source.list_positions())
    views, unknown = {}, []
    for kind in sources.kinds(found):
        try:
            views[kind] = _first(found, lambda source, kind=kind: source.list_detections(kind))
        except videopose3d.UnknownLayout as error:
            unknown.append(f"h36m/{kind} can't be prepared: {error}")
    subjects = {subject for subject, _ in poses}
    return Survey(
        title="Human3.6M",
        found=_describe(poses, views),
        missing=_missing(poses, views),
        notes=[
            *join.known_faults(subjects, {takes.action_of(take) for _, take in poses}),
            *unknown,
        ],
        ready=[
            _ready(found, kind, [s for s in takes.SUBJECTS if s in subjects & seen])
            for kind, seen in {
                "gt": subjects,
                **{kind: {key[0] for key in seen} for kind, seen in views.items()},
            }.items()
            if subjects & seen
        ],
    )


def _first(found, list_keys):
    """{key: source}; as when reading, each subject's are from the first source that has it."""
    keys: dict[tuple[str, ...], sources.Source] = {}
    for source in found:
        have = {key[0] for key in keys}
        keys |= {key: source for key in list_keys(source) if key[0] not in have}
    return keys


def _describe(poses, views):
    """Lines about what was found: a table of subjects, the sources, the actions."""
    columns = [collections.Counter(key[0] for key in keys) for keys in (poses, *views.values())]
    known = H36mConfig()
    rows: list[tuple] = [("subject", "split", "takes", *(f"views of {kind}" for kind in views))]
    for subject in takes.SUBJECTS:
        split = "train" if subject in known.train_subjects else "test"
        rows.append((subject, split, *(column[subject] or "-" for column in columns)))
    lines = table(rows)
    for what, keys in {"poses": poses, **views}.items():
        names = sorted({source.name for source in keys.values()})
        lines += [f"{what} from {name}" for name in names]
    actions = {takes.action_of(take) for _, take in poses}
    listed = ", ".join(action for action in takes.ACTIONS if action in actions)
    lines.append(f"actions: {'all 15' if len(actions) == 15 else listed or 'none'}")
    return lines


def _missing(poses, views):
    """Pairs of what is not there and what it would enable."""
    missing = []
    subjects = {subject for subject, _ in poses}
    for split, wanted in (("train", H36mConfig().train_subjects), ("test", ("S9", "S11"))):
        if missed := [subject for subject in wanted if subject not in subjects]:
            uses = {"train": "all of the paper's training poses", "test": "the paper's test"}
            missing.append((f"poses of {', '.join(missed)}", uses[split]))
    lacking = collections.defaultdict(list)
    for subject in takes.SUBJECTS:
        actions = {takes.action_of(take) for owner, take in poses if owner == subject}
        if actions:
            lacking[tuple(a for a in takes.ACTIONS if a not in actions)].append(subject)
    for absent, owners in lacking.items():
        if absent:
            have = ", ".join(action for action in takes.ACTIONS if action not in absent)
            few = len(absent) < len(takes.ACTIONS) / 2
            what = ", ".join(absent) if few else f"all actions but {have}"
            missing.append((f"{what}, of {', '.join(owners)}", "a table of all 15 actions"))
    for kind, seen in views.items():
        expected = [
            (*key, camera) for key in poses if key != join.DROPPED for camera in takes.CAMERAS
        ]
        if unseen := sorted(set(expected) - set(seen)):
            what = f"{kind} of {len(unseen):,} of {len(expected):,} views, such as "
            missing.append((what + " ".join(unseen[0]), f"those views in h36m/{kind}"))
    for kind, file in DETECTIONS.items():
        if kind not in views:
            missing.append((file, f"h36m/{kind}: a detector's joints in place of projections"))
    return missing


def _ready(found, kind, subjects):
    config = H36mConfig(detections=kind)
    splits = {
        "train": set(config.train_subjects) & set(subjects),
        "test": set(config.test_subjects) & set(subjects),
    }
    if not all(splits.values()) and len(subjects) > 1:
        *train, test = subjects
        config = H36mConfig(detections=kind, train_subjects=train, test_subjects=(test,))
        splits = {"train": train, "test": test}
    return Ready(
        name=f"h36m/{config.name}",
        splits=tuple(split for split, members in splits.items() if members),
        example=functools.partial(_example, found, kind, subjects[0]),
    )


def _example(found: list[sources.Source], kind: str, subject: str) -> View:
    """The first view of a subject, read, checked and joined as the builder does."""
    poses = sources.read_positions(found, [subject])
    detections = None if kind == "gt" else sources.read_detections(found, kind, [subject])
    splits, _ = join.shards(poses, detections, H36mConfig(detections=kind))
    return next(next(iter(splits.values()))[0]())
