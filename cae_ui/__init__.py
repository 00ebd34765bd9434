"""The parts of the pages: `common` for those that several pages share, and a folder a page.

A page's folder has a file for every part of the page, named in the order of the page in the
folder's docstring; inside a file the functions follow the page as well.
"""
