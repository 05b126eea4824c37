// The seeds of an ensemble, and the links to each of them.

const SEEDS = 2 ** 31; // 0 follows the last seed

/**
 * The seed of tile i of an ensemble that begins with seed `first`.
 *
 * @param {number} first
 * @param {number} i
 */
export const seedAt = (first, i) => (first + i) % SEEDS;

/**
 * The range of seeds in words.
 *
 * @param {number} first
 * @param {number} count
 */
export const seedRange = (first, count) => `${first}–${seedAt(first, count - 1)}`;
