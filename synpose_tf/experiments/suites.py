"""The runs that belong to each table: which method is trained how, and tested on what."""

import dataclasses

from synpose_tf.config import TrainConfig
from synpose_tf.errors import SynposeError

Flags = tuple[str, ...]
ADVERSARIAL = "synchronized"


@dataclasses.dataclass(frozen=True)
class Run:
    """One training, for each seed, and its evaluations.

    Args:
        name: its folder; the same in every suite that has the run.
        label: its row in a table.
        method: `--method` of the training.
        flags: further flags of the training.
        widths: the model's arguments that are a number of units.
        evaluations: name to the flags of an evaluation.
        seeded: False where a seed changes nothing.
    """

    name: str
    label: str
    method: str = ADVERSARIAL
    flags: Flags = ()
    widths: tuple[str, ...] = ("generator_width", "reprojection_width", "critic_width")
    evaluations: dict[str, Flags] = dataclasses.field(default_factory=lambda: {"test": ()})
    seeded: bool = True


def _adversarial(name, label, strategy, weighted):
    flags = (f"--set=strategy={strategy}", f"--set=weighted_kcs={str(weighted).lower()}")
    return Run(name, label, flags=flags)


FOUR = (
    _adversarial("sep_kcs", "Sep + KCS", "separate", False),
    _adversarial("sep_wkcs", "Sep + wKCS", "separate", True),
    _adversarial("syn_kcs", "Syn + KCS", "synchronized", False),
    _adversarial("syn_wkcs", "Syn + wKCS", "synchronized", True),
)
WHOLE = FOUR[-1]
# At the rate that its authors published, whatever the configuration's.
SUPERVISED = Run(
    "supervised",
    "supervised",
    "supervised",
    flags=("--learning_rate=0.001",),
    widths=("generator_width",),
)
REPNET_AS_PUBLISHED = Run(
    "repnet_published",
    "RepNet as published",
    "repnet",
    flags=("--learning_rate=0.0001", "--decay=none"),
    widths=("generator_width", "kcs_width"),
)
# Better at the configuration's rate, and by far with its camera loss left out at first.
REPNET = dataclasses.replace(
    REPNET_AS_PUBLISHED, name="repnet", label="RepNet", flags=("--set=camera_start=2000",)
)
BASELINES = (
    Run("flat", "flat pose", "flat", widths=(), seeded=False),
    Run("mean", "mean pose", "mean", widths=(), seeded=False),
    SUPERVISED,
    REPNET_AS_PUBLISHED,
    REPNET,
)

# === Beyond the paper ===
# Argument of the model to its values, the model's own default first.
SWITCHES = {
    "axis": ("camera_y", "vertical"),
    "lipschitz": ("penalty", "clipping"),
    "paired": (True, False),
    "turn_real": (False, True),
    "average": (0.0, 0.999),
}
AWARE_OF_NOISE = Run("noise_5", "trained with noise of 5 px", flags=("--noise=5",))


def switches(base: TrainConfig) -> tuple[Run, ...]:
    """The configuration's own recipe, then what each switch in the other position gives."""
    runs = [WHOLE]
    for argument, values in SWITCHES.items():
        here = base.model.get(argument, values[0])
        there = values[0] if here == values[1] else values[1]
        text = str(there).lower()
        flags = (*WHOLE.flags, f"--set={argument}={text}")
        runs.append(Run(f"{argument}_{text}", f"{argument} {text}", flags=flags))
    mode = "camera" if base.model.get("mode", "paper") == "paper" else "paper"
    flags = (*WHOLE.flags, f"--normalization={mode}")
    runs.append(Run(f"mode_{mode}", f"normalization {mode}", flags=flags))
    return (*runs, AWARE_OF_NOISE)


# === Table 3 ===
NOISE_PX = (0, 5, 10, 15, 20)


def noise() -> tuple[Run, ...]:
    """Training with noise of each strength, tested on the same noise and on none."""
    runs = [dataclasses.replace(WHOLE, label="no noise", evaluations={"test": ()})]
    for deviation in NOISE_PX[1:]:
        flag = f"--noise={deviation}"
        tests = {"noisy": (flag,), "test": ()}
        label = f"noise of {deviation} px"
        runs.append(Run(f"noise_{deviation}", label, flags=(flag,), evaluations=tests))
    return tuple(runs)


# === Generalization ===
# One half's name and actions; the other half is every other action that has a name.
HALVES = {
    "cmu_mocap": ("walking and running", ("walking", "running")),
    "h36m": ("walking", ("Walking", "WalkDog", "WalkTogether")),
    "synthetic_pose": ("walking", ("walking",)),
}
REST = "the rest"


def halves(dataset: str, known: dict[str, list[str]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Two halves of a data set's actions: name of the half, split, actions.

    An action without a letter, such as a number of CMU's, says nothing of what is done and
    belongs to neither.

    Args:
        dataset: TFDS name.
        known: split to the names of its actions.

    Raises:
        SynposeError: a half has no action in a split.
    """
    name, one = HALVES.get(dataset, ("walking", ()))
    named = {k: [a for a in names if any(c.isalpha() for c in a)] for k, names in known.items()}
    found = {
        name: {k: tuple(a for a in v if a in one) for k, v in named.items()},
        REST: {k: tuple(a for a in v if a not in one) for k, v in named.items()},
    }
    if not all(actions for half in found.values() for actions in half.values()):
        raise SynposeError(
            f"--suite=generalization: the actions of {dataset} have no two known halves. It has "
            f"{known}."
        )
    return found


def generalization(found: dict[str, dict[str, tuple[str, ...]]]) -> tuple[Run, ...]:
    """Each method trained on one half and tested on both: `own` and `other`."""
    runs = []
    names = list(found)
    for own, other in (names, names[::-1]):
        tests = {
            "other": (f"--actions={','.join(found[other]['test'])}",),
            "own": (f"--actions={','.join(found[own]['test'])}",),
        }
        chosen = f"--actions={','.join(found[own]['train'])}"
        for run in (SUPERVISED, REPNET, WHOLE):
            runs.append(
                dataclasses.replace(
                    run,
                    name=f"{run.name}_on_{own.replace(' ', '_')}",
                    label=f"{run.label}, trained on {own}",
                    flags=(*run.flags, chosen),
                    evaluations=tests,
                )
            )
    return tuple(runs)
