/**
 * Element of a list at an index that must exist. Throws a RangeError if it does not, as for a plan
 * that was not validated.
 */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  // Almost all reads are of weights. An access that sees only Float64Array is ten times as fast.
  const element = list instanceof Float64Array ? (list[index] as T | undefined) : list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
};
