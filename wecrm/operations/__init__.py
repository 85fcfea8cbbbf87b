"""What administrators do: sync, plan, apply, undo, check. One file per noun.

`plans.py` runs, resumes and undoes any plan; `steps.py` is the registry of what a change can be.
Only the runner writes to WeCom. Nothing here knows HTTP, SQL or the screen.
"""
