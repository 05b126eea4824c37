"""Updates as machine code: traced, compiled by AOTInductor, cached, executed without Python."""
