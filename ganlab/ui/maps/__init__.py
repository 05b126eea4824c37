"""The page of maps: sweeps that fill while one watches."""
