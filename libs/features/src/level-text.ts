const SPACE = 0x20;

/**
 * Removes trailing spaces from a name (a level, a key). A char(n) column pads its values with
 * spaces, which are insignificant in its own database and absent in other representations of the
 * same value.
 */
export const levelText = (text: string): string =>
  text.charCodeAt(text.length - 1) === SPACE ? text.replace(/ +$/, '') : text;
