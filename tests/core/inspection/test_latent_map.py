"""The map of latents: principal components, places that are latents again, neighbours, draws."""

import numpy as np
import pytest

from cae_core.inspection.latent_map import LatentMap, fitted_latents, normal_latents

RNG = np.random.default_rng(0)


def cloud(count, *shape):
    """Latents that vary more along some directions than along others."""
    size = int(np.prod(shape))
    mixed = RNG.normal(size=(count, size)) * np.geomspace(10, 0.1, size)
    turned = mixed @ np.linalg.qr(RNG.normal(size=(size, size)))[0] + 3
    return turned.reshape(count, *shape).astype(np.float32)


@pytest.mark.parametrize(("count", "shape"), [(50, (4, 4, 5)), (200, (7,))])
def test_the_plane_is_that_of_the_first_two_principal_components(count, shape):
    latents = cloud(count, *shape)
    found = LatentMap.of(latents)
    rows = latents.reshape(count, -1).astype(np.float64)
    singular = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(found.points, axis=0), singular[:2], rtol=1e-3)
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(2), atol=1e-4)
    share = np.square(singular[:2]).sum() / np.square(singular).sum()
    assert found.explained == pytest.approx(share, rel=1e-3)
    assert not found.is_latent


def test_a_place_of_the_plane_is_the_latent_whose_point_is_there():
    found = LatentMap.of(cloud(60, 3, 3, 2))
    places = np.array([[0.0, 0.0], [2.5, -1.0]], np.float32)
    latents = found.latents_at(places)
    assert latents.shape == (2, 3, 3, 2)
    back = (latents.reshape(2, -1) - found.center) @ found.axes.T
    np.testing.assert_allclose(back, places, atol=1e-3)


def test_two_numbers_are_their_own_plane():
    latents = cloud(30, 2)
    found = LatentMap.of(latents)
    assert found.is_latent
    np.testing.assert_array_equal(found.points, latents)
    np.testing.assert_array_equal(found.latents_at(found.points), latents)


def test_equal_latents_have_a_plane_without_an_extent():
    found = LatentMap.of(np.ones((5, 40), np.float32))
    assert np.all(np.isfinite(found.points))
    low, high = found.bounds
    assert np.all(low < high)


def test_the_grid_covers_the_points_from_the_upper_left():
    found = LatentMap.of(cloud(80, 2))
    places, rows = found.grid(10)
    assert places.shape == (10 * rows, 2)
    grid = places.reshape(rows, 10, 2)
    assert np.all(np.diff(grid[..., 0], axis=1) > 0)
    assert np.all(np.diff(grid[..., 1], axis=0) < 0)
    low, high = found.bounds
    assert np.all(places > low)
    assert np.all(places < high)
    cell = (high - low) / (10, rows)
    nearest = np.abs(found.points[:, None] - places) <= cell / 2 + 1e-4
    assert nearest.all(axis=2).any(axis=1).all()


def test_neighbours_are_the_nearest_in_all_numbers():
    latents = cloud(40, 5)
    found = LatentMap.of(latents).neighbors(latents[7], 4)
    distances = np.linalg.norm(latents - latents[7], axis=1)
    assert found[0] == 7
    assert sorted(distances)[:4] == pytest.approx(list(distances[found]))


def test_thumbnails_lie_apart():
    found = LatentMap.of(cloud(300, 6))
    chosen = found.spread(25, 0.1)
    assert 5 < len(set(chosen)) == len(chosen) <= 25
    low, high = found.bounds
    places = (found.points[chosen] - low) / (high - low)
    gaps = np.abs(places[:, None] - places).max(axis=2)
    assert gaps[~np.eye(len(chosen), dtype=bool)].min() >= 0.1


@pytest.mark.parametrize("shape", [(2,), (2, 2, 2)])
def test_draws_have_the_distribution_that_is_asked_for(shape):
    count = 20_000
    normal = normal_latents(shape, count, seed=3).reshape(count, -1)
    np.testing.assert_allclose(normal.mean(axis=0), 0, atol=0.05)
    np.testing.assert_allclose(np.cov(normal.T), np.eye(normal.shape[1]), atol=0.05)
    latents = cloud(50, *shape)
    drawn = fitted_latents(latents, count, seed=3)
    assert drawn.shape == (count, *shape)
    rows, drawn = latents.reshape(50, -1), drawn.reshape(count, -1)
    spread = rows.std(axis=0).max()
    np.testing.assert_allclose(drawn.mean(axis=0), rows.mean(axis=0), atol=0.05 * spread)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(rows.T), atol=0.1 * spread**2)


@pytest.mark.parametrize(
    "draw",
    [lambda seed: normal_latents((3,), 5, seed), lambda seed: fitted_latents(cloud(9, 3), 5, seed)],
)
def test_another_seed_draws_other_latents(draw):
    assert not np.array_equal(draw(0), draw(1))


def test_the_same_seed_draws_the_same_latents():
    latents = cloud(9, 3)
    for draw in (lambda: normal_latents((3,), 5, 2), lambda: fitted_latents(latents, 5, 2)):
        np.testing.assert_array_equal(draw(), draw())
