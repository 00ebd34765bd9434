"""The page Compress: a photo in as few bytes by our networks and by other codecs.

`result` is the photo at one number of bytes by each, `curves` their bits per pixel against error,
`samples` the sample photos' results, stored.
"""
