"""Rescue: captures of a source that web archives hold, asked for one by one at the archive's pace.

`archives` knows how each kind of archive lists and gives captures, `client` asks politely, `run` sees each capture into
archive and database. What answers mean is decided without a network in `pipelines.cdx` and `pipelines.replay`.
"""
