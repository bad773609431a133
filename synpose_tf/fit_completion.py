"""Learns to fill in missed joints, for `synpose_tf.completion_network`.

  python -m synpose_tf.fit_completion --dataset=cmu_mocap,synthetic_pose --manual_dir=FOLDER

Writes the distribution of 2D poses and the network that corrects it into
`synpose_tf/weights`, where lifting and training find them. About four minutes on one core.
"""

from absl import flags

from synpose_tf import cli

cli.define_data_flags(dataset="synthetic_pose")
flags.DEFINE_integer("steps", 8000, "Training steps of 512 poses.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Of weights, data order and missed joints.", lower_bound=0)
flags.DEFINE_string("output", None, "Folder of the weights. Default: the package's own.")
FLAGS = flags.FLAGS


def main() -> None:
    import pathlib

    import keras
    from tqdm import tqdm

    import synpose_tf
    from synpose_tf.completion.gaussian import PoseDistribution
    from synpose_tf.datasets import prepared
    from synpose_tf.training import input_pipeline
    from synpose_tf.training.augmentation import Augmentation
    from synpose_tf.training.completion import CompletionTrainer

    folder = pathlib.Path(FLAGS.output or pathlib.Path(synpose_tf.__file__).parent / "weights")
    builders = prepared.prepare_all(
        FLAGS.dataset, FLAGS.manual_dir, FLAGS.data_dir, FLAGS.joint_map
    )
    arrays = prepared.read_splits(builders, "train", prepared.TRAINING_KEYS)
    distribution = PoseDistribution.fit(arrays["keypoints_2d"])
    distribution.save(folder / "poses_2d.npz")

    keras.utils.set_random_seed(FLAGS.seed)
    completion = CompletionTrainer(distribution)
    changes = Augmentation(turn=True, stretch=0.06, exchange=0.3, cameras=0.3)
    batches = input_pipeline.training_batches(arrays, 512, FLAGS.seed, 0, changes)
    recent: list[float] = []
    with tqdm(total=FLAGS.steps, unit="step", disable=None) as bar:
        for step, error in enumerate(completion.train(batches, FLAGS.steps), 1):
            bar.update()
            recent = [*recent[-199:], error]
            if step % 1000 == 0 or step == FLAGS.steps:
                mean = sum(recent) / len(recent)
                tqdm.write(f"step {step}: missed joints are off by {mean:.3f} mean radii (RMS)")
    completion.save(folder / "completion.npz")
    print(f"written: {folder}/poses_2d.npz and completion.npz")


if __name__ == "__main__":
    cli.run(main)
