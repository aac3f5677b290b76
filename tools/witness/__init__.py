"""What other people's clients do on the paper exchange: one scenario a client, each run by the Python of that client.

A scenario imports its client, the standard library and `stage`; nothing of this project. `tools.witnesses` runs them.
"""
