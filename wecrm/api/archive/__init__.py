"""The native library of the session archive (会话内容存档), in child processes that may die.

Start with `native.py`, the `ArchiveSource` that the rest of wecrm sees; `library.py` is the binding, `child.py`
the process that loads it, `keys.py` the corp's private keys. May be imported by operations and cli.
"""
