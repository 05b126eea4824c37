"""Updates as machine code: traced, compiled by AOTInductor, kept on disk, run without Python."""
