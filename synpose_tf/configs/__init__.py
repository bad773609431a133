"""Configurations for `python -m synpose_tf.train --config=NAME`."""
