"""Parts that several pages share.

The frame: `shell`, `menu`, `wording`, `resources` (shared by all sessions), `charts`, `pixels`.
An architecture: `architecture_text` (its field and presets), `architecture_form`.
A photo: `photo_input`, `network_choice`, `compare_slider`, `photo_trial` (any trained network on a
photo), `whole_photo` (a photo too large for a slider).
"""
