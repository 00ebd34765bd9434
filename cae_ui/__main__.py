"""``python -m cae_ui``: makes anew the images that pages show before any network runs."""

from cae_ui.compress import samples
from cae_ui.start.making import make_doors, make_results
from cae_ui.zoo.thumbnails import make_thumbnails

if __name__ == "__main__":
    make_thumbnails()
    make_results()
    make_doors()
    samples.make_results()
