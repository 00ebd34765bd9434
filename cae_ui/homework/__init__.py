"""The homework of the ACML course as a path of four exercises, on the pages where they are done.

`path` shows the exercise that the address names, `exercises` has their texts and their pairs of
networks, `guesses` what was guessed and chosen in all of them; the parts of an exercise are in
`latent` (guesses before the answer is shown), `trained` (a training that is asked for, and pairs
of trainings) and `report` (all of it as one file).
"""
