// The texts of style sheets by file name. A server has none here, because it serves them as files beside this one:
// `ganlab/bundle.py` puts them in.

/** @type {Record<string, string>} */
export const STYLES = {};
