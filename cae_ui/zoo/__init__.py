"""The page Zoo: every trained network, measured beside what its source published.

In the order of the page: `table` (filters, choice, the table), `gallery` (all networks as cards,
with `thumbnails`), `card` (one network), `rate_distortion` (latent size against error), `claims`
(of one source, tested).
"""
