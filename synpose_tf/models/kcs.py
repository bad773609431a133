"""Kinematic chain space: the matrix of inner products between bones, and its weights.

Section 3.3 of the paper. KCS (equation 4, after Wandt and Rosenhahn's RepNet) holds the
squared bone lengths on its diagonal and, off it, the cosines between bones times their
lengths. wKCS (equations 5 and 6) fades the angle of two bones with their distance in the
skeleton. Both are the same for a pose and for the pose turned.
"""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from synpose_tf.structures.skeleton import H36M_17, Skeleton


def bone_matrix(skeleton: Skeleton) -> np.ndarray:
    """C of equation 3: (joints, bones); a pose (3, joints) times C is its bones (3, bones)."""
    matrix = np.zeros((len(skeleton), len(skeleton.bones)), np.float32)
    for column, (child, parent) in enumerate(skeleton.bones):
        matrix[child, column] = 1.0
        matrix[parent, column] = -1.0
    return matrix


def bone_distances(skeleton: Skeleton) -> np.ndarray:
    """d of figure 5: (bones, bones) steps from bone to bone; bones that share a joint are at 1."""
    bones = skeleton.bones
    distances = np.full((len(bones), len(bones)), len(bones), np.int64)
    for i, a in enumerate(bones):
        for j, b in enumerate(bones):
            if set(a) & set(b):
                distances[i, j] = int(i != j)
    for via in range(len(bones)):  # Floyd-Warshall
        distances = np.minimum(distances, distances[:, via : via + 1] + distances[via : via + 1])
    return distances


def kcs_weights(skeleton: Skeleton) -> np.ndarray:
    """W of equation 5: (bones, bones); 1 up to distance 1, tanh(1 / (d - 1)) beyond."""
    distances = bone_distances(skeleton)
    return np.where(distances <= 1, 1.0, np.tanh(1.0 / np.maximum(distances - 1, 1))).astype(
        np.float32
    )


@keras.saving.register_keras_serializable(package="synpose_tf")
class KinematicChain(keras.layers.Layer):
    """Maps poses (batch, 17, 3) to flattened KCS matrices (batch, 256).

    Args:
        weighted: True for wKCS (equation 6), False for plain KCS (equation 4).

    Examples:
        >>> KinematicChain()(np.zeros((8, 17, 3), "float32")).shape
        TensorShape([8, 256])
    """

    def __init__(self, weighted: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.weighted = weighted
        self._bones = bone_matrix(H36M_17)
        self._weights = kcs_weights(H36M_17)

    def call(self, poses: tf.Tensor) -> tf.Tensor:
        bones = keras.ops.einsum("njd,jb->nbd", poses, self._bones)
        matrix = keras.ops.matmul(bones, keras.ops.transpose(bones, (0, 2, 1)))
        if self.weighted:
            matrix = matrix * self._weights
        return keras.ops.reshape(matrix, (-1, self._weights.size))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], self._weights.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "weighted": self.weighted}
