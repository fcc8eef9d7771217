/**
 * Characters that a terminal obeys instead of showing, or that reorder what stands around them:
 * controls (C0, DEL, C1), line and paragraph separators, bidirectional controls, and halves of
 * surrogate pairs.
 */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
/** Those of them that may stand in JSON text as they are. */
const OBEYED_IN_JSON = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Characters of a value within a sentence or a cell. */
const VALUE_CHARACTERS = 200;
/** Characters of a line that people read. */
const LINE_CHARACTERS = 4_000;

const ELLIPSIS = '…';

/**
 * Text of anybody's as one line that people may see: what a terminal would obey is written as an
 * escape (`\u001b`), and what is longer than `most` UTF-16 units ends with an ellipsis.
 */
export function printable(text: string, most = VALUE_CHARACTERS): string {
  const isLong = text.length > most;
  const start = isLong ? text.slice(0, most + 1) : text;
  const printed = start.replace(OBEYED, escaped);
  if (!isLong && printed.length <= most) return printed;
  let shown = '';
  for (const character of start) {
    const next = character.replace(OBEYED, escaped);
    if (shown.length + next.length + ELLIPSIS.length > most) break;
    shown += next;
  }
  return `${shown}${ELLIPSIS}`;
}

/** Text of several lines, each as {@link printable} gives it; at most `mostLines` of them. */
export function printableLines(text: string, mostLines = Infinity): string {
  const lines = text.split(/\r?\n/);
  const shown = lines.slice(0, mostLines).map((line) => printable(line, LINE_CHARACTERS));
  if (lines.length > mostLines) shown.push(ELLIPSIS);
  return shown.join('\n');
}

/**
 * JSON text that means the same and may be shown: JSON escapes the C0 controls by itself, here the
 * other characters that a terminal obeys are escaped as well.
 */
export function printableJson(json: string): string {
  return json.replace(OBEYED_IN_JSON, escaped);
}

/** Text in quotation marks, as a message quotes it: shortened to `most` UTF-16 units, and escaped as in JSON. */
export function quoteText(text: string, most: number): string {
  return printableJson(JSON.stringify(shortened(text, most)));
}

/** Text of at most `most` UTF-16 units, cut between two characters, and then with an ellipsis at its end. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - ELLIPSIS.length;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, isHalf ? end - 1 : end)}${ELLIPSIS}`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
