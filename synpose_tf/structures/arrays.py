"""The arrays that functions of several libraries take, as types."""

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

# What a function takes beside `xp`, NumPy or `keras.ops`; it gives back what it was given.
Array = TypeVar("Array", np.ndarray, "tf.Tensor")
