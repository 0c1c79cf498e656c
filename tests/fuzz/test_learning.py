"""Random recordings through the network and the training kernel: numpy's answer, or a refusal by name."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import hthm
from hthm.deepsets import evaluate, new_model
from hthm.train import TrainConfig, TrainingDivergedError, train
from random_inputs import ANY, Array, assert_named, power, trained


def numpy_h(weights: dict[str, Array], v: Array) -> Array:
    """Eq. (10a) in float64, of velocities (..., n, 2)."""

    def layer(name: str, x: Array) -> Array:
        y: Array = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return y

    features = np.maximum(layer("phi.2", np.maximum(layer("phi.0", v), 0)), 0).sum(axis=-2)
    h: Array = layer("rho.2", np.maximum(layer("rho.0", features), 0))[..., 0]
    return h


@trained
@given(
    st.integers(1, 9),
    st.integers(2, 6),
    st.integers(1, 20),
    st.integers(0, 2**32),
    power(-1000, 1000),
    st.booleans(),
    st.one_of(st.none(), ANY),
)
def test_networks_are_evaluated_and_trained_or_the_velocities_refused(
    n: int,
    frames: int,
    width: int,
    seed: int,
    scale: int,
    log: bool,  # noqa: FBT001 -- hypothesis draws it
    written: float | None,
) -> None:
    state = hthm.DiskGas(n=n, diameter=0.1, speed=1.0).sample(2, seed)
    traj = hthm.simulate(state, frames, 0.2, record="log" if log else "velocities")
    parts = (traj.initial.velocities, traj.log.velocities) if log else (traj.velocities,)
    for part in parts:
        np.ldexp(part, scale, out=part)
    if written is not None:
        parts[-1].reshape(-1)[-1:] = written
    model = new_model(width, seed)
    dense = None
    try:
        dense = traj.dense()
        h = evaluate(model, traj)
    except ValueError as error:
        assert_named(error, "velocities: must be")
        assert dense is None or not (np.abs(dense) < 1e30).all()
    else:
        expected = numpy_h({key: value.numpy().astype(float) for key, value in model.state_dict().items()}, dense)
        np.testing.assert_allclose(h, expected, rtol=1e-5, atol=2e-5 * max(1.0, float(np.abs(dense).max())) * n)
    config = TrainConfig(epochs=1, batch=2, seed=seed)
    try:
        history = train(model, traj, config)
    except (ValueError, TrainingDivergedError) as error:
        if not isinstance(error, TrainingDivergedError):
            assert_named(error)
    else:
        assert np.isfinite([epoch.loss for epoch in history.epochs]).all()
    assert all(bool(value.isfinite().all()) for value in model.state_dict().values())
