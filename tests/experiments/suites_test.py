"""The runs of each suite."""

import inspect

import pytest

from synpose_tf.config import TrainConfig, load_config, parse_arguments
from synpose_tf.errors import SynposeError
from synpose_tf.experiments import suites
from synpose_tf.models.adversarial import SynchronizedAdversarialModel


def arguments(run):
    """What a run gives the model in place of the configuration's arguments."""
    sets = [flag.removeprefix("--set=") for flag in run.flags if flag.startswith("--set=")]
    return parse_arguments(sets)


def test_the_ablation_is_strategy_by_kcs():
    found = {run.label: tuple(arguments(run).values()) for run in suites.FOUR}
    assert found == {
        "Sep + KCS": ("separate", False),
        "Sep + wKCS": ("separate", True),
        "Syn + KCS": ("synchronized", False),
        "Syn + wKCS": ("synchronized", True),
    }


def test_switches_begin_with_the_model_s_own_default():
    defaults = inspect.signature(SynchronizedAdversarialModel).parameters
    assert {name: defaults[name].default for name in suites.SWITCHES} == {
        name: values[0] for name, values in suites.SWITCHES.items()
    }
    widths = {f"{network}_width": 1 for network in ("generator", "reprojection", "critic")}
    others = {name: values[1] for name, values in suites.SWITCHES.items()}
    model = SynchronizedAdversarialModel(**widths, **others)
    assert others.items() <= model.get_config().items()


@pytest.mark.parametrize("config", ["default", "paper"])
def test_each_switch_differs_from_the_configuration_in_one_argument(config):
    base = load_config(config)
    whole, *others = suites.switches(base)
    assert len(others) == len(suites.SWITCHES) + 2
    for run in others[: len(suites.SWITCHES)]:
        (name,) = arguments(run).keys() - arguments(whole).keys()
        defaults = inspect.signature(SynchronizedAdversarialModel).parameters
        assert arguments(run)[name] != base.model.get(name, defaults[name].default)
    assert len({run.flags for run in others}) == len(others)


def test_a_switch_is_thrown_from_where_the_configuration_has_it():
    flags = {run.name: run.flags for run in suites.switches(TrainConfig(model={"mode": "camera"}))}
    assert "--normalization=paper" in flags["mode_paper"]
    assert "--set=axis=vertical" in flags["axis_vertical"]
    flags = {run.name for run in suites.switches(TrainConfig(model={"axis": "vertical"}))}
    assert {"axis_camera_y", "mode_camera"} <= flags


def test_runs_of_one_name_are_one_run_in_every_suite():
    every = [*suites.FOUR, *suites.BASELINES, *suites.switches(TrainConfig()), *suites.noise()]
    for run in every:
        assert {r.flags for r in every if r.name == run.name} == {run.flags}


def test_noise_is_tested_on_noise_and_on_none():
    clean, *noisy = suites.noise()
    assert clean.flags == suites.WHOLE.flags
    for run, deviation in zip(noisy, (5, 10, 15, 20), strict=True):
        assert run.flags == (f"--noise={deviation}",)
        assert run.evaluations == {"noisy": (f"--noise={deviation}",), "test": ()}


KNOWN = {
    "train": ["01_02", "basketball", "running", "walking"],
    "test": ["02_01", "walking", "washwindow"],
}


def test_halves_leave_out_actions_without_a_name():
    found = suites.halves("cmu_mocap", KNOWN)
    assert found == {
        "walking and running": {"train": ("running", "walking"), "test": ("walking",)},
        "the rest": {"train": ("basketball",), "test": ("washwindow",)},
    }


def test_generalization_trains_on_one_half_and_tests_on_both():
    runs = suites.generalization(suites.halves("cmu_mocap", KNOWN))
    assert len({run.name for run in runs}) == len(runs) == 6
    assert [run.method for run in runs[:3]] == ["supervised", "repnet", "synchronized"]
    for run, own, other in ((runs[0], "walking", "washwindow"), (runs[3], "washwindow", "walking")):
        assert run.evaluations == {"other": (f"--actions={other}",), "own": (f"--actions={own}",)}
    assert "--actions=running,walking" in runs[0].flags
    assert "--actions=basketball" in runs[3].flags


@pytest.mark.parametrize("dataset", ["cmu_mocap", "mpi_inf_3dhp"])
def test_data_without_halves_is_refused(dataset):
    with pytest.raises(SynposeError, match=f"{dataset} have no two known halves"):
        suites.halves(dataset, {"train": ["sitting"], "test": ["sitting"]})
