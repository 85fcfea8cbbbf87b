"""Files of the caller: spreadsheets read with an address for every complaint, everything written atomically.

May import `models` and the ground; nothing of WeCom, the database or the screen. Start with
`sheets.py` (a caller's rows come in), `tables.py` (a `Table` goes out) and `atomic.py` (a reader
never sees half a file).
"""
