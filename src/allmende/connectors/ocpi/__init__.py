"""Charging locations by the Open Charge Point Interface."""
