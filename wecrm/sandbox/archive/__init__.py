"""The sandbox's session archive: conversations by seed, sealed as the platform seals them, with a cipher of its own.

Start with `source.py`, what a client is given; `records.py` is what is archived, `talks.py` makes it message by
message, `console.py` is what people do, `standin.py` writes it all as files. Only cli and tests import from here.
"""
