// The seeds of an ensemble, and where each of them is to be seen alone.

const SEEDS = 2 ** 31; // after the last seed comes 0

/**
 * The seed of tile i of an ensemble that begins with seed `first`.
 *
 * @param {number} first
 * @param {number} i
 */
export const seedAt = (first, i) => (first + i) % SEEDS;

/**
 * All of them in words.
 *
 * @param {number} first
 * @param {number} count
 */
export const seedRange = (first, count) => `${first}–${seedAt(first, count - 1)}`;

/**
 * An ensemble's query string, made that of one of its seeds alone.
 *
 * @param {string} query
 * @param {number} seed
 */
export function seedQuery(query, seed) {
  const fields = query.split("&").filter((field) => !field.startsWith("runs=") && !field.startsWith("seed="));
  return [...fields, `seed=${seed}`].join("&");
}
