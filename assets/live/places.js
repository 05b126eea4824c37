// Searches in the ascending positions of a timeline.

/**
 * The last of the ascending `places` that is not after `place`, or the first.
 *
 * @param {number[]} places
 * @param {number} place
 */
export function lastBy(places, place) {
  let [low, high] = [0, places.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (places[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The nearest of the ascending `places`.
 *
 * @param {number[]} places
 * @param {number} place
 */
export function nearestTo(places, place) {
  const i = lastBy(places, place);
  return i + 1 < places.length && places[i + 1] - place < place - places[i] ? i + 1 : i;
}
