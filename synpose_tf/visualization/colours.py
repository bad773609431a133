"""Colours of people, the same in every picture; `output/viewer.css` and `.js` repeat them.

Of a person alone left and right have a colour each. Of several people each has a colour, lighter
on the left, darker on the right.
"""

from PIL import ImageColor

from synpose_tf.structures.skeleton import H36M_17

LEFT, RIGHT, MIDDLE = "#d1495b", "#30638e", "#4a5160"
PEOPLE = (
    "#2f6fd6", "#e07b1a", "#1e9e66", "#a24fc4", "#d63f6c", "#0f9fb5", "#a8870a", "#7a5c48",
)  # fmt: skip
LIGHTER, DARKER = 0.38, 0.36  # Shares of white and of black in the left's and right's colour.

_SIDES = [name[0] if name[1].isupper() else "" for name in H36M_17.joints]

# Of each of Human3.6M's joints, and of the bone that ends there.
OF_JOINTS = [{"L": LEFT, "R": RIGHT}.get(side, MIDDLE) for side in _SIDES]


def mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another, all `#rrggbb`."""
    pairs = zip(ImageColor.getrgb(colour), ImageColor.getrgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def of_people(count: int) -> list[list[str]]:
    """For each of `count` people the colours of Human3.6M's joints, as in `OF_JOINTS`."""
    if count == 1:
        return [OF_JOINTS]
    shades = [
        {"L": mixed(one, "#ffffff", LIGHTER), "R": mixed(one, "#000000", DARKER), "": one}
        for one in PEOPLE
    ]
    return [[shades[n % len(PEOPLE)][side] for side in _SIDES] for n in range(count)]
