"""Citizens' pages that gather from the slices."""
