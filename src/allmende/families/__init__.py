"""Finds and checks the plug-in folders."""
