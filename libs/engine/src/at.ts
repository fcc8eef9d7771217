/** The element of a list that must be there; a RangeError when a plan that was not validated lacks it. */
export const at = <T>(list: ArrayLike<T>, index: number): T => {
  const element = list[index];
  if (element === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return element;
};
