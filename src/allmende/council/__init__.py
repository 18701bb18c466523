"""Papers of the council by OParl 1.1, so that a decision of the programme can point to them."""
