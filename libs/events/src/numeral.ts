/**
 * A number kept as its text, because a float64 does not reproduce it: `9007199254740993`, `1.0`,
 * `1e3`. Its value is the nearest float64; as a name (an id, a key, a level) it is its text.
 */
export class Numeral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest float64; infinite beyond the float64 range. */
  valueOf(): number {
    return Number(this.text);
  }

  toJSON(): number {
    return this.valueOf();
  }
}

/**
 * Converts number text to a plain number if that reproduces the text, and to a {@link Numeral}
 * otherwise.
 */
export function toNumeral(text: string): number | Numeral {
  const value = Number(text);
  return String(value) === text ? value : new Numeral(text);
}
