"""`wecrm archive`: one file per verb, put together in `commands.py`; `opening.py` is what they all open."""
