"""What the npz and the JSON file say about themselves, the same in both."""

from synpose_tf.structures.skeleton import H36M_17

ABOUT = {
    "format": "synpose_tf poses",
    "version": 1,
    "length_unit": "millimetre",
    "time_unit": "second",
    "image_unit": "pixel",
    "coordinate_frame": "camera: x right, y down, z forward; poses relative to the root joint",
    "joints": list(H36M_17.joints),
    "parents": list(H36M_17.parents),
}
