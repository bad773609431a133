"""Writing a data set's shards in parallel, by Apache Beam."""

import json
import pathlib
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from synpose_tf.errors import SynposeError


def write(
    shards: Sequence[tuple[str, Callable]],
    write_shard: Callable[[str, Callable], int],
    folder: pathlib.Path,
    runner: beam.runners.PipelineRunner | None = None,
    options: PipelineOptions | None = None,
) -> dict[str, int]:
    """Writes one file a shard.

    Args:
        shards: path and shard; what a shard holds travels to its worker.
        write_shard: writes one and returns how many examples there are.
        folder: where the counts may be noted, in reach of this process and of the workers.
        runner, options: Beam's; the DirectRunner by default.

    Returns:
        The number of examples by path.

    Raises:
        SynposeError: a shard could not be written; the first one's reason.
    """
    notes = folder / "shards.json"

    def attempt(entry):
        path, shard = entry
        try:
            return path, write_shard(path, shard), None
        except SynposeError as error:
            return path, 0, str(error)

    def note(entries):
        notes.write_text(json.dumps(sorted(entries)), encoding="utf-8")

    with beam.Pipeline(runner=runner, options=options) as pipeline:
        _ = (
            pipeline
            | "shards" >> beam.Create(list(shards))
            | "spread" >> beam.Reshuffle()
            | "write" >> beam.Map(attempt)
            | "together" >> beam.combiners.ToList()
            | "note" >> beam.Map(note)
        )
    written = json.loads(notes.read_text(encoding="utf-8"))
    notes.unlink()
    for _, _, error in written:
        if error:
            raise SynposeError(error)
    return {path: count for path, count, _ in written}
