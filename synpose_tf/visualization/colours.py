"""The colours of a person's sides, the same in every picture; `output/viewer.css` repeats them."""

from synpose_tf.structures.skeleton import H36M_17

LEFT, RIGHT, MIDDLE = "#d1495b", "#30638e", "#4a5160"
_SIDES = {"L": LEFT, "R": RIGHT}

# Of each of Human3.6M's joints, and of the bone that ends there.
OF_JOINTS = [_SIDES.get(name[0] if name[1].isupper() else "", MIDDLE) for name in H36M_17.joints]
