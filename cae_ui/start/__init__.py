"""The page Start: a photo squeezed into a short code and rebuilt, and three doors into the app.

In the order of the page: `squeezed` (a photo's results, stored for the sample photos), `pictures`
(the three pictures), `doors`, `making` (what is stored).
"""
