"""An offline WeCom: a server with rules, a seed, a clock and faults, at the other end of the wire.

Imports nothing of wecrm; only `cli` and tests import it. Start at `world` (one SQLite file that is the
whole corp), then `app` (the same over WSGI) and `routes` (which path leads to which handler). Handlers
stand one file per noun (`auth members contacts tags groups`) and only unwrap and wrap; what the platform
does stands in `state/`, what a new world holds in `seed/`, what a person at the console does in `control`. What the
official pages say of each API stands in `pages/`, as data; `openapi` makes a document of it.
"""
