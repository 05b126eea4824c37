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
