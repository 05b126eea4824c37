// The texts of style sheets by file name: `ganlab/bundle.py` puts that of the live view in. The other ones are files
// beside this one.

/** @type {Record<string, string>} */
export const STYLES = {};
