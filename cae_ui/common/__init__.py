"""Parts that several pages share.

The frame: `shell`, `menu`, `wording`, `resources` (shared by all sessions), `charts`, `pixels`.
An architecture: `architecture_text` (its field and presets), `architecture_form`.
A job: `job_progress` (the one of the address, its bar with Stop), `run_labels`.
A photo: `photo_choice` (uploads and sample photos), `kept_uploads` (a visitor's, on every page),
`photo_input` (opened), `network_choice`, `compare_slider`, `photo_trial` (any trained network on a
photo), `full_size` (at full size after a preview), `whole_photo` (the whole of a large one, at a
press), `photo_part` (a part of it), `several_photos` (many to one ZIP), `photo_output` (downloads).
"""
