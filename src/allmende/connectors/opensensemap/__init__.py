"""Citizens' sensors on openSenseMap."""
