"""What every command shares: clear errors, exit codes, quiet start."""

import functools
import io
import os
import sys
from collections.abc import Callable

from absl import app, flags, logging

from synpose_tf.errors import SynposeError, TerminatedError

# The flags defined here belong to the command that asks for them, and so to its --help.
flags.disclaim_key_flags()
_RENAMED: dict[str, str] = {}


def run(main: Callable[..., None], arguments: bool = False, unknown_flags: bool = False) -> None:
    """Runs a command's `main` under absl; errors the user can mend end without a traceback.

    Exit codes: 0 done, 1 an error, 130 interrupted (SIGINT), 143 terminated (SIGTERM) with the
    work saved.

    Args:
        main: the command.
        arguments: whether it takes arguments beside flags, such as files; then `main` gets them
            as a list.
        unknown_flags: whether flags that nobody defined, written --name=value, come with the
            arguments instead of being refused.
    """
    # Before TensorFlow is imported, which commands do inside `main`.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # Not every encoding has a "±".

    def guarded(argv):
        if len(argv) > 1 and not arguments:
            _fail(f"unexpected argument {argv[1]!r}; flags are written --name=value.")
        try:
            main(argv[1:]) if arguments else main()
        except SynposeError as error:
            _fail(str(error))
        except TerminatedError as error:
            print(f"\n{error}", file=sys.stderr)
            sys.exit(143)
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            _fail(f"{name}{error.strerror or error}.")
        except KeyboardInterrupt:
            print("\ninterrupted.", file=sys.stderr)
            sys.exit(130)

    app.run(guarded, flags_parser=functools.partial(_parse_flags, known_only=unknown_flags))


def _parse_flags(argv, known_only):
    flags.FLAGS.set_gnu_getopt()  # Flags may stand behind arguments.
    try:
        positional = flags.FLAGS(argv, known_only=known_only)
    except flags.Error as error:
        _fail(f"{error}\nPass --help to see the flags.")
    except SystemExit:
        sys.exit(0)  # --help, which absl ends with 1.
    if flags.FLAGS["verbosity"].using_default_value:
        flags.FLAGS.verbosity = logging.WARNING  # absl would take INFO.
    for old, new in _RENAMED.items():
        if flags.FLAGS[old].present:
            print(f"note: --{old} is now --{new}; write that.", file=sys.stderr)
    return positional


def _fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def define_old_name(old: str, new: str) -> None:
    """Lets a flag be given by the name that it had before; `run` then says the new one."""
    flags.DEFINE_alias(old, new)
    _RENAMED[old] = new


def define_data_flags(dataset: str | None) -> None:
    """Flags that name the data, the same in every command.

    Args:
        dataset: the default of `--dataset`.
    """
    flags.DEFINE_string(
        "dataset",
        dataset,
        "Data set, by its TFDS name: synthetic_pose (needs no download), cmu_mocap, multiview "
        "(recordings that synpose_tf.multiview put together), …; with its config after a slash "
        "where it has several. Training takes several, with commas between; the first one's test "
        "split validates.",
    )
    flags.DEFINE_string(
        "manual_dir",
        None,
        "Folder with the files that you obtained yourself; each data set's README says which. For "
        "several data sets one that holds the files of all, or one for each that is made from "
        "files, with commas between.",
    )
    flags.DEFINE_string(
        "joint_map",
        None,
        "Of bvh_motion: a JSON file that says what the joints are called, in place of the folder's "
        "joint_map.json.",
    )
    flags.DEFINE_string(
        "data_dir", None, "Where prepared data sets are kept. Default: ~/tensorflow_datasets."
    )
