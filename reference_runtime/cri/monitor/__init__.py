"""The monitor of one container: holds its streams, writes its log, learns how it ends.

It is a process of its own, so that containers go on when the server is restarted or killed. It needs the standard
library only, and little of it.
"""
