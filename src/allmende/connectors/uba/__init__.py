"""Air quality data of the German Environment Agency."""
