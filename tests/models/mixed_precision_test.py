"""Mixed precision: bfloat16 products between hidden layers, float32 everywhere else."""

import numpy as np
import pytest
import tensorflow as tf

NETWORKS = ("generator", "reprojection", "critic")


def bfloat16_products(model, batch):
    """Names of the matrices that are multiplied in bfloat16 in a step."""
    graph = tf.function(model.update, autograph=False).get_concrete_function(batch).graph
    products = [op for op in graph.get_operations() if op.type in ("MatMul", "BatchMatMulV2")]
    assert products
    return [op for op in products if op.outputs[0].dtype == tf.bfloat16], len(products)


def test_only_the_products_between_hidden_layers_are_bfloat16(new_model, batch):
    none, count = bfloat16_products(new_model(), batch)
    assert none == []
    mixed, count_mixed = bfloat16_products(new_model(mixed_precision=True), batch)
    assert count_mixed == count
    # Four units of the generator and two of the reprojection network, forward and two gradients;
    # three layers of the critic, forward, back, adjoint and weights.
    assert len(mixed) == 3 * 6 + 4 * 3
    for op in mixed:
        assert min(dimension or 16 for tensor in op.inputs for dimension in tensor.shape) >= 12


def test_weights_and_losses_stay_in_float32(new_model, batch, reloaded):
    model = reloaded(new_model(mixed_precision=True, average=0.9))
    losses = model.update(batch)
    assert {loss.dtype for loss in losses.values()} == {tf.float32}
    weights = [v for n in NETWORKS for v in getattr(model, n).variables]
    assert {str(v.dtype) for v in weights} == {"float32"}
    assert model(batch).dtype == tf.float32
    exact = new_model(average=0.9)
    exact.averaged_generator.set_weights(model.averaged_generator.get_weights())
    assert np.array_equal(model(batch), exact(batch))  # lifting knows nothing of it


@pytest.mark.parametrize("arguments", [{}, {"mode": "camera", "turn_real": True}])
def test_trains_nearly_as_in_float32(new_model, synthetic_views, arguments):
    # More views than `batch` has: the gradient penalty of a few alone may lie 10 % apart.
    batch = {key: tf.constant(a[::20], tf.float32) for key, a in synthetic_views.items()}
    mixed, exact = new_model(mixed_precision=True, **arguments), new_model(**arguments)
    first, second = (
        {name: float(loss) for name, loss in model.update(batch).items()}
        for model in (mixed, exact)
    )
    assert first != second
    assert first == pytest.approx(second, rel=0.05, abs=0.05)
    for name in NETWORKS:
        for one, other in zip(
            getattr(mixed, name).trainable_variables,
            getattr(exact, name).trainable_variables,
            strict=True,
        ):
            assert np.isfinite(one.numpy()).all()
            if one.ndim == 2:
                change = np.linalg.norm(one.numpy() - other.numpy())
                assert change < 0.1 * np.linalg.norm(other.numpy())
