"""The session archive: pulled, proved, searched, read. Start with `pull.py`. May be imported by cli."""
