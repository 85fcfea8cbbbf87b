"""The archive's own database: conversations apart from the CRM cache, so that its users need no access to them.

Start with `migrations.py` (every table), then `chain.py` (rows that only ever grow, chained by hashes) and
`pages.py` (a page and the cursor in one transaction). May be imported by operations, reports and cli.
"""
