"""The local SQLite file: what is written together stands together, one file per noun.

`database.py` opens it (0600, WAL, migrations under a lock), `migrations.py` is the only place
where tables are made, `selection.py` turns `--where` into SQL. Tables are singular; the plural
views are the documented ones (docs/reference/schema.md) for reports, `--where` and `wecrm sql`.
No network, no files other than the database, no screen.
"""
