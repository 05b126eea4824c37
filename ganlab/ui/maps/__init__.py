"""The page of maps: sweeps that fill while the page is open."""
