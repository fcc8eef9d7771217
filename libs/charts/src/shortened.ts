/** Text of at most so many code points, with an ellipsis where it is cut. */
export function shortened(text: string, most: number): string {
  const points = Array.from(text);
  return points.length > most ? `${points.slice(0, most - 1).join('')}…` : text;
}
