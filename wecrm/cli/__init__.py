"""The command line: parse, call one function of `operations` or `store`, draw.

`main.py` runs one command line and answers an exit code; `registry.py` lists the commands without
importing them; `session.py` opens what a command needs; one file per noun holds its commands.
"""
