"""What the platform does with a request that is well formed: one file per noun, no HTTP.

Functions take the World first, raise `Refusal`, and run inside the transaction of the call.
"""
