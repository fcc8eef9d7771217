import { at, FlowlineError, shortened } from '@flowline/events';

/** True for the name of a column that has none: no feature can be read from it. */
export const isUnnamed = (name: string): boolean => name.trim() === '';

/**
 * Checks that each name stands for one column. Columns without a name may be several.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE for a name that appears twice, or that is both a
 *   column and an object of others (`shop` beside `shop.city`).
 */
export function checkNames(names: readonly string[], file: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (isUnnamed(name)) continue;
    if (seen.has(name)) throw refused(file, `the column "${name}" appears twice.`, 'Keep or rename one of them.');
    seen.add(name);
  }
  for (const name of names) {
    const outer = objectsOf(name).find((each) => seen.has(each));
    if (outer === undefined) continue;
    const finding = `the column "${name}" is a field of "${outer}", which is a column of its own.`;
    throw refused(file, finding, 'Rename one of them: a dot stands for a field of an object.');
  }
}

/** Names of the objects that contain a dotted name. */
function objectsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
}

/**
 * Names of the columns of a CSV header, without the blanks around them.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE: see {@link checkNames}.
 */
export function headerNames(cells: readonly (string | null)[], file: string): readonly string[] {
  const names = cells.map((name) => name?.trim() ?? '');
  checkNames(names, file);
  return names;
}

/**
 * Separator that a header of one cell seems to be meant with, as a shell takes it; null if there is
 * none.
 */
export function otherSeparator(names: readonly string[], delimiter: string): string | null {
  if (names.length !== 1) return null;
  const separator = [';', '\t', '|', ','].find((each) => each !== delimiter && at(names, 0).includes(each));
  if (separator === undefined) return null;
  return separator === '\t' ? "$'\\t'" : `'${separator}'`;
}

const refused = (file: string, finding: string, remedy: string): FlowlineError =>
  new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file}: ${finding}`, { where: file, remedy });

/** Names that a message lists. */
const MOST_LISTED = 20;

/** Names of columns for a message, of which it may have many. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_LISTED).map((name) => `"${shortened(name, 80)}"`);
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more.toLocaleString('en')} more` : ''}`;
}
