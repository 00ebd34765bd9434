"""What all tests have in common."""

from hypothesis import settings

# A slow machine fails no test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
