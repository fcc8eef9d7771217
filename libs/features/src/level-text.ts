/**
 * Removes trailing spaces from a name (a level, a key). A char(n) column pads its values with
 * spaces, which are insignificant in its own database and absent in other representations of the
 * same value.
 */
export const levelText = (text: string): string => (text.endsWith(' ') ? text.replace(/ +$/, '') : text);
