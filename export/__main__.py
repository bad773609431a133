"""Exports a trained lifter, and verifies each export before it is handed out.

  python -m synpose_tf.export --workdir=runs/… --output=FOLDER --manual_dir=FOLDER
  python -m synpose_tf.export --pretrained=paper --output=FOLDER --formats=tflite_qat,…
  python -m synpose_tf.export --pretrained=paper --output=FOLDER --manual_dir=FOLDER \
      --formats=saved_model_recordings,tflite_stream_int8
  python -m synpose_tf.export --pretrained=paper --output=FOLDER --formats=web \
      --detector_model=pose_landmarker_full.task --serve

An export goes to <output>/<format>/<version>/, the next version where there are some. It is
reloaded by another runtime in a process of its own and compared with the Keras model on every
test pose of the run's data set, or --dataset's; one that differs by more than its tolerance fails,
and is not kept. Prints one table of sizes, differences, errors, latency and memory, and writes it
beside each export, with a model card.
"""

from absl import flags

from synpose_tf import cli
from synpose_tf.export import formats

cli.define_data_flags(dataset=None)
flags.DEFINE_string("workdir", None, "The folder of a training run.")
flags.DEFINE_enum("checkpoint", "last", ["last", "best"], "Which of the run's checkpoints.")
flags.DEFINE_string(
    "pretrained",
    None,
    "In place of --workdir: a lifter that comes with the package, `paper`, `camera`, … Without "
    "--dataset and --manual_dir it is verified on synthetic poses.",
)
flags.DEFINE_string("output", None, "Folder for the exports.")
flags.DEFINE_list(
    "formats",
    None,
    f"What to write, separated by commas; by default {','.join(formats.DEFAULT)}, as far as their "
    "packages are there:\n"
    + "\n".join(f"{f.name}: {f.description}." for f in formats.FORMATS.values()),
)
flags.DEFINE_string(
    "detector_model",
    None,
    "For --formats=web: MediaPipe's pose landmarker, a .task file, which finds people in the page. "
    "Default: fetched once, as for `lift`.",
)
flags.DEFINE_bool("serve", False, "Serve the page of --formats=web on this machine, to try it.")
flags.DEFINE_integer(
    "port", 8080, "Of --serve; 0 for any free port.", lower_bound=0, upper_bound=65535
)
flags.mark_flags_as_mutual_exclusive(["workdir", "pretrained"], required=True)
flags.mark_flag_as_required("output")
FLAGS = flags.FLAGS


def main() -> None:
    import pathlib

    from synpose_tf.errors import SynposeError

    # Refused before TensorFlow is imported.
    chosen = formats.select(_names(), FLAGS.detector_model)
    if FLAGS.serve and "web" not in [format.name for format in chosen]:
        raise SynposeError("--serve serves the page: it needs --formats=web.")
    output = pathlib.Path(FLAGS.output).expanduser()
    if output.exists() and not output.is_dir():
        raise SynposeError(f"--output={output}: is a file; name a folder.")

    from synpose_tf.datasets import prepared
    from synpose_tf.export import exporting, report, trained
    from synpose_tf.io import files

    source = prepared.Source(FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map)
    if FLAGS.pretrained:
        lifter = trained.from_pretrained(FLAGS.pretrained, source)
    else:
        lifter = trained.from_workdir(FLAGS.workdir, FLAGS.checkpoint, source)
    print(f"lifter   {lifter.origin}; {lifter.mode} normalisation")
    count = len(lifter.test["keypoints_2d"])
    print(f"verified on {count:,} test poses of {lifter.builder.info.full_name}")
    measured, failed, page = [], [], None
    for format in chosen:
        try:
            result, folder = exporting.export(format, lifter, output)
        except SynposeError as error:  # The other formats are still wanted.
            failed.append(str(error))
            print(f"{format.name:12} FAILED")
            continue
        measured.append(result)
        print(f"{format.name:12} {folder or 'FAILED'}")
        failed += [f"{format.name}: {failure}." for failure in result.failures]
        page = folder if format.name == "web" else page
    if measured:
        single = any(not result.over_time for result in measured)
        reference = report.reference(lifter) if single else None
        table = report.Report(lifter.origin, reference, tuple(measured))
        print(f"\n{table.text()}")
        files.write_text(output / "verification.json", table.json())
        files.write_text(output / "verification.md", table.markdown())
    if failed:
        raise SynposeError("\n".join([*failed, "What failed was not kept."]))
    if FLAGS.serve:
        _serve(page)


def _names():
    """The names of --formats, or the default ones, and which others there are."""
    if FLAGS.formats is not None:
        return FLAGS.formats
    names, reasons = formats.default()
    others = [name for name in formats.FORMATS if name not in names]
    print(f"formats  {', '.join(names)}; --formats names others: {', '.join(others)}")
    for reason in reasons:
        print(f"left out {reason}")
    return names


def _serve(folder):
    from synpose_tf.errors import SynposeError
    from synpose_tf.export.web import server

    try:
        page = server.open_server(folder, FLAGS.port)
    except OSError as error:
        raise SynposeError(f"--port={FLAGS.port}: {error.strerror}. Take another one.") from error
    print(
        f"\nserving {folder} at http://localhost:{page.server_port}/\nStop with Ctrl-C.", flush=True
    )
    page.serve_forever()


if __name__ == "__main__":
    cli.run(main)
