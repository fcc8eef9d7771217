/**
 * A number as it was written, where a float64 does not give its text back: `9007199254740993`, `1.0`, `1e3`. Its value is the
 * nearest float64; as a name (an id, a key, a level) it is its text.
 */
export class Numeral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The nearest float64; infinite beyond its range. */
  valueOf(): number {
    return Number(this.text);
  }

  toJSON(): number {
    return this.valueOf();
  }
}

/** The number that a numeral stands for: a plain one where it gives the same text back, else with its text. */
export function toNumeral(text: string): number | Numeral {
  const value = Number(text);
  return String(value) === text ? value : new Numeral(text);
}
