/** The element of a list that must be there; a RangeError when a plan that was not validated lacks it. */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  // Weights are by far the most of what is read: an access that sees nothing but them is ten times as fast.
  const element = list instanceof Float64Array ? (list[index] as T | undefined) : list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
};
