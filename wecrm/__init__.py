"""wecrm: the command line of a WeCom (企业微信) customer-contact administrator.

Start at `wecrm.cli` (what a person types), then `operations` (what it does), then `api` and
`store` (WeCom and the local SQLite file). docs/explain/architecture.md walks one command through.
"""

__version__ = "0.1.0"
