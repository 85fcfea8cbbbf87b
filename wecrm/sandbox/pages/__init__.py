"""What the official pages say of each API, as data: its number, what it takes, what it answers.

Written from the pages and not from the handlers, so that the one can be held against the other. `all_pages` has
every page, `schemas` the words that they are written in, and one module stands per noun.
"""
