"""The page Colorize: a grey photo, or one whose colours are taken away, gets colours guessed.

In the order of the page: `hints` (of every photo), `settings` (network, sliders), `saturation`
(which falls by itself), `scene` (the photo and its colours), `result` (images compared, figures,
other temperatures), `asking` (colours for a point), `chrominance` (the a*b* plane), `lesson`,
`several` (all uploaded photos at once).
"""
