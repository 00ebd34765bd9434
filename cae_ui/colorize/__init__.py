"""The page Colorize: a grey photo, or one whose colours are taken away, gets colours guessed.

In the order of the page: `settings` (network, sliders), `scene` (the photo and its colours),
`result` (images compared, figures, other temperatures), `chrominance` (the a*b* plane), `lesson`.
"""
