"""Pure methods of participation: no database, no web framework, no clock; same input and seed, same result."""
