"""The connection to WeCom: one file per noun of its API, functions instead of service classes.

`client.py` sends one call and reacts to its errcode, `tokens.py` keeps access tokens, `limits.py`
the shared budgets, `errcodes.py` what each code means. An endpoint is a constant beside its
function; `endpoints.py` lists them all. Nothing here knows the database, files or the screen.
"""
