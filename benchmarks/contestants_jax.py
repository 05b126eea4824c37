"""The contestants of `benchmarks/engine.py` in JAX: jit, lax.scan, vmap."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from ganlab import Spec
from ganlab.targets import make_target

_ACTIVATIONS = {"relu": jax.nn.relu, "leaky_relu": lambda a: jax.nn.leaky_relu(a, 0.2)}
_ACTIVATIONS["tanh"] = jnp.tanh


def scan(spec: Spec, runs: int) -> Callable[[int], None]:
    """A function that makes run-iterations of Algorithm 1, `runs` of them at a time.

    Mixtures are drawn in JAX; other targets from 2^16 samples drawn before.
    """
    (b1, b2), batch = spec.betas, spec.batch
    target = make_target(spec.target, spec.target_params)
    modes = target.modes

    def mlp(params, x, activation):
        for w, b in params[:-1]:
            x = _ACTIVATIONS[activation](x @ w + b)
        w, b = params[-1]
        return x @ w + b

    def init(key, sizes):
        keys = jax.random.split(key, len(sizes))
        pairs = zip(keys, pairwise(sizes), strict=False)
        return [(jax.random.normal(k, (i, o)) / i**0.5, jnp.zeros(o)) for k, (i, o) in pairs]

    if modes is not None:
        centers, std = jnp.asarray(modes.centers, jnp.float32), jnp.asarray(modes.std)

        def data(key):
            one, two = jax.random.split(key)
            which = jax.random.randint(one, (batch,), 0, len(centers))
            noise = jax.random.normal(two, (batch, spec.dim))
            return (centers[which] + std[which][:, None] * noise).astype(jnp.float32)
    else:
        drawn = jnp.asarray(np.asarray(target.sample(2**16, None)), jnp.float32)

        def data(key):
            return drawn[jax.random.randint(key, (batch,), 0, len(drawn))]

    def d_cost(d, g, x, z):
        fake = jax.lax.stop_gradient(mlp(g, z, spec.g_activation))
        logits = mlp(d, jnp.concatenate([x, fake]), spec.d_activation)[:, 0]
        return jax.nn.softplus(-logits[:batch]).mean() + jax.nn.softplus(logits[batch:]).mean()

    def g_cost(g, d, z):
        logits = mlp(d, mlp(g, z, spec.g_activation), spec.d_activation)
        if spec.loss == "minimax":
            return -jax.nn.softplus(logits).mean()
        return jax.nn.softplus(-logits).mean()

    def adam(params, grads, m, v, t, lr):
        tree = jax.tree_util.tree_map
        m = tree(lambda a, g: b1 * a + (1 - b1) * g, m, grads)
        v = tree(lambda a, g: b2 * a + (1 - b2) * g * g, v, grads)
        step = lr / (1 - b1**t)
        root = jnp.sqrt(1 - b2**t)
        new = tree(lambda p, a, b: p - step * a / (jnp.sqrt(b) / root + 1e-8), params, m, v)
        return new, m, v

    def iteration(state, _):
        g, d, mg, vg, md, vd, t, key = state
        for _ in range(spec.k):
            key, kx, kz = jax.random.split(key, 3)
            z = jax.random.normal(kz, (batch, spec.latent_dim))
            d, md, vd = adam(d, jax.grad(d_cost)(d, g, data(kx), z), md, vd, t, spec.d_lr)
        key, kz = jax.random.split(key)
        z = jax.random.normal(kz, (batch, spec.latent_dim))
        g, mg, vg = adam(g, jax.grad(g_cost)(g, d, z), mg, vg, t, spec.g_lr)
        return (g, d, mg, vg, md, vd, t + 1, key), None

    def start(key):
        kg, kd, key = jax.random.split(key, 3)
        g = init(kg, (spec.latent_dim, *spec.g_hidden, spec.dim))
        d = init(kd, (spec.dim, *spec.d_hidden, 1))
        zeros = lambda p: jax.tree_util.tree_map(jnp.zeros_like, p)  # noqa: E731
        return g, d, zeros(g), zeros(g), zeros(d), zeros(d), jnp.float32(1), key

    if runs == 1:
        state = start(jax.random.key(spec.seed))
    else:
        state = jax.vmap(start)(jax.random.split(jax.random.key(spec.seed), runs))
        iteration_of_one = iteration

        def iteration(state, _):
            return jax.vmap(lambda s: iteration_of_one(s, None)[0])(state), None

    many: dict[int, Callable] = {}

    def advance(iterations: int) -> None:
        nonlocal state
        count = max(1, iterations // runs)
        if count not in many:
            many[count] = jax.jit(lambda s: jax.lax.scan(iteration, s, None, length=count)[0])
        state = jax.block_until_ready(many[count](state))

    return advance
