"""The a*b* plane and its channels."""

import numpy as np

from cae_ui.colorize.chrominance import channel_image, plane_figure


def test_the_plane_counts_every_pixel_where_its_chrominance_is():
    ab = np.zeros((4, 5, 2))
    ab[0, 0] = (50, -30)
    heat = plane_figure(ab, "Guessed").data[0]
    counted = np.round(np.nan_to_num(10 ** np.asarray(heat.z)))
    assert counted.sum() == 20
    row, column = np.argwhere(counted == 1)[0]
    assert abs(heat.x[column] - 50) <= 1
    assert abs(heat.y[row] + 30) <= 1


def test_a_channel_is_drawn_in_its_own_colours():
    ab = np.array([[[-60.0, 0.0], [0.0, 0.0], [60.0, 0.0]]])
    green, grey, magenta = channel_image(ab, 0)[0]
    assert green[1] > max(green[0], green[2])
    assert np.ptp(grey) < 0.01
    assert magenta[1] < min(magenta[0], magenta[2])
