"""Normal equations of many points that are tied to their neighbours, and of few cameras.

The unknowns of the points come in such an order that ties reach no farther than a band; those of
the cameras and bones form a border. The band is factorised by LAPACK (Cholesky), the border
by its Schur complement: exact, and linear in the length of a recording.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cho_solve_banded, cholesky_banded


class NormalEquations:
    """(H + damping) x = g, with H = [[P, B], [Bᵀ, C]], P within a band.

    Args:
        points: how many unknowns the band has.
        reach: how far apart tied unknowns may stand in it.
        border: how many unknowns the border has.
    """

    def __init__(self, points: int, reach: int, border: int):
        # LAPACK's lower form: band[d, i] = P[i + d, i].
        self.band = np.zeros((reach + 1, points))
        self.right = np.zeros(points)
        self.mixed = np.zeros((points, border))
        self.corner = np.zeros((border, border))
        self.border_right = np.zeros(border)

    def add(self, rows: np.ndarray, columns: np.ndarray, values: np.ndarray) -> None:
        """Adds numbers to P, on or below its diagonal; no place stands twice."""
        self.band[rows - columns, columns] += values

    def solve(self, damping: float) -> tuple[np.ndarray, np.ndarray] | None:
        """The unknowns of the points and of the border; None where H is not positive.

        Args:
            damping: the share of its diagonal that is added to H (Marquardt).
        """
        solved = self._eliminated(damping)
        if solved is None:
            return None
        band, columns, schur = solved
        point = cho_solve_banded((band, True), self.right)
        if not len(self.border_right):
            return point, self.border_right
        try:
            factor = cho_factor(schur)
        except LinAlgError:
            return None
        border = cho_solve(factor, self.border_right - self.mixed.T @ point)
        return point - columns @ border, border

    def _eliminated(self, damping):
        """The band's factor, P⁻¹ B, and the Schur complement."""
        band = self.band.copy()
        band[0] += damping * band[0] + 1e-9
        try:
            band = cholesky_banded(band, lower=True, overwrite_ab=True, check_finite=False)
        except LinAlgError:
            return None
        columns = cho_solve_banded((band, True), self.mixed, check_finite=False)
        corner = self.corner + np.diag(damping * np.diag(self.corner) + 1e-9)
        return band, columns, corner - self.mixed.T @ columns
