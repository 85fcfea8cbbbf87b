"""XLSX, in and out: ids stay text, nothing is a formula, and no file, however made, takes the memory away.

`writing.py` writes a `Table`, `reading.py` hands out a sheet's rows as texts; `package.py` is what
stands between a stranger's file and the reader, `cells.py` what it knows about cells, `escapes.py`
what both sides know about text.
"""
