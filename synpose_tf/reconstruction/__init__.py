"""From several cameras without calibration: their places, their clocks, and the people in space."""

__all__: list[str] = []
