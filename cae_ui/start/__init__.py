"""The page Start: a photo squeezed into a short latent and rebuilt, and three doors into the app.

In the order of the page: `squeezed` (a photo's results, stored for the sample photos), `images`
(the three images), `doors`, `making` (what is stored).
"""
