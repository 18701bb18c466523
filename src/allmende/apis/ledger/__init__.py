"""The public log over HTTP, as C2SP tlog-tiles."""
