"""The register in the forms of others: JSON, DTPR, DPV and ODRL, the record of processing."""
