"""People, roles, sign-on and the audit trail."""
