import { at } from '@flowline/events';

/** Quantile of ascending numbers, of which there is one at least; linear between two of them. */
export function quantileOf(ascending: ArrayLike<number>, share: number): number {
  const place = share * (ascending.length - 1);
  const [low, high] = [at(ascending, Math.floor(place)), at(ascending, Math.ceil(place))];
  return low === high ? low : low + (place - Math.floor(place)) * (high - low);
}
