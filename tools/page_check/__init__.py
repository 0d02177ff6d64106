"""Parts of tools/page-check.py: the browser driver and a stand-in for the host."""
