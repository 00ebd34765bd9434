"""The page Trainer: train a network, watch it, test it, try it on a photo, compare it.

In the order of the page: `data` and `download` (what to train on), `settings` (task, epochs, ...),
`learning_rate` (its slider and range test), `start` (the button), `training` (live), `result` (test
figures, downloads), `comparison` (of all finished runs). The architecture's form and the photo are
in `cae_ui.common`.
"""
