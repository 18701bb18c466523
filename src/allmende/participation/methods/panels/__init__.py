"""Panels drawn by lot within quotas, with chances as equal as the quotas permit."""
