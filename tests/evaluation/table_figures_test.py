"""Figures of tables draw the tables' figures."""

import numpy as np
import pytest

from synpose_tf.evaluation import table_figures
from synpose_tf.evaluation.tables import Row, Spread, Table


def test_bars_draw_each_measured_row_and_seed():
    rows = (
        Row("one", (Spread((60.0, 62.0)), Spread((30.0, 31.0)), 2)),
        Row("missing", (None, None, 0)),
        Row("other", (Spread((50.0,)), Spread((24.0,)), 1)),
    )
    figure = table_figures.bars(Table("", ("MPJPE", "P-MPJPE", "seeds"), rows))
    for panel, expected in zip(figure.axes, ([61.0, 50.0], [30.5, 24.0]), strict=True):
        assert [bar.get_width() for bar in panel.patches] == pytest.approx(expected)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["one", "other"]


def test_curves_leave_gaps_where_nothing_was_measured():
    series = {"full": [Spread((20.0, 22.0)), None, 40.0], "none yet": [None] * 3}
    (axes,) = table_figures.noise_curves(series, [0, 5, 10]).axes
    (container,) = axes.containers
    np.testing.assert_allclose(container.lines[0].get_xydata(), [[0, 21], [10, 40]])
