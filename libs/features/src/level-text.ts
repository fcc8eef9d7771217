/**
 * A name (a level, a key) without the spaces at its end: those of a char(n) column are filled up with them, of which its own
 * database says that they do not count, and other ways of the same value do not have them.
 */
export const levelText = (text: string): string => (text.endsWith(' ') ? text.replace(/ +$/, '') : text);
