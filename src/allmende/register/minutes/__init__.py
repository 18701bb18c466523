"""Minutes of the ethics board and of the data stewards: drafted, confirmed by a second person, sealed in the ledger."""
