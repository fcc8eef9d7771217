/** Rows of so many values at places, in their order. */
export function chosenRows(values: Float32Array, width: number, places: Int32Array): Float32Array {
  const chosen = new Float32Array(places.length * width);
  places.forEach((from, to) => chosen.set(values.subarray(from * width, (from + 1) * width), to * width));
  return chosen;
}
