"""Templates, components, charts and maps that all pages share."""
