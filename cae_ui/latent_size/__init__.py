"""The page Latent size: the arithmetic of an architecture, before anything is trained.

In the order of the page: `formula` (of the layer chosen in the form), `verdict`, `diagram`,
`exports`, `layer_table`, `comparison` (with a second architecture). The form itself is in
`cae_ui.common`.
"""
