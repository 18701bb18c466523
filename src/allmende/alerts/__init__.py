"""Alerts: rules on measurements, and whom to tell when one begins or ends to hold."""
