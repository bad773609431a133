"""Serves an exported SavedModel on this machine, for development.

  python -m synpose_tf.export.serve --model=FOLDER/saved_model

Speaks TensorFlow Serving's gRPC and REST protocols, so that a client can be written and tried
where TensorFlow Serving does not run. The model runs in TensorFlow's C library. In production
take TensorFlow Serving: it batches, swaps versions and reports.
"""

from absl import flags

from synpose_tf import cli

flags.DEFINE_string("model", None, "Folder with version folders 1, 2, …; the last one is served.")
flags.DEFINE_string("name", "synpose", "What clients call the model.")
flags.DEFINE_string("host", "localhost", "Address to listen on.")
flags.DEFINE_integer("port", 8500, "gRPC; 0 for any free port.", lower_bound=0, upper_bound=65535)
flags.DEFINE_integer(
    "rest_port", 8501, "REST; 0 for any free port.", lower_bound=0, upper_bound=65535
)
flags.mark_flag_as_required("model")
FLAGS = flags.FLAGS


def main() -> None:
    import pathlib

    from synpose_tf.errors import SynposeError
    from synpose_tf.export import formats
    from synpose_tf.export.versions import versions

    folder = pathlib.Path(FLAGS.model).expanduser()
    found = versions(folder)
    if not found:
        raise SynposeError(
            f"--model={FLAGS.model}: no version folder there (1, 2, …). Name the folder "
            "saved_model that python -m synpose_tf.export wrote."
        )
    formats.FORMATS["saved_model"].check_requirements()

    from synpose_tf.export.saved_model import c_api, server, warmup

    try:
        model = c_api.SavedModel(folder / str(found[-1]))
        for signature, inputs in warmup.read(folder / str(found[-1])):
            model.run(signature, inputs)
    except c_api.CApiError as error:
        raise SynposeError(f"{folder / str(found[-1])}: can't be loaded ({error}).") from error
    servable = server.Servable(FLAGS.name, found[-1], model)
    try:
        grpc_server, port = server.serve_grpc(servable, f"{FLAGS.host}:{FLAGS.port}")
    except RuntimeError as error:
        raise SynposeError(f"--port={FLAGS.port}: can't listen on it; is it taken?") from error
    try:
        rest = server.serve_rest(servable, FLAGS.host, FLAGS.rest_port)
    except OSError as error:
        raise SynposeError(f"--rest_port={FLAGS.rest_port}: {error.strerror}.") from error
    print(
        f"serving {folder / str(found[-1])} as {FLAGS.name}\n"
        f"  gRPC  {FLAGS.host}:{port}\n"
        f"  REST  http://{FLAGS.host}:{rest.server_port}/v1/models/{FLAGS.name}:predict\n"
        "Stop with Ctrl-C.",
        flush=True,
    )
    grpc_server.wait_for_termination()


if __name__ == "__main__":
    cli.run(main)
