/**
 * Characters that a terminal acts on instead of showing, or that reorder the text around them:
 * controls (C0, DEL, C1), line and paragraph separators, bidirectional controls, and lone
 * surrogates.
 */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;
/** The subset that JSON text may contain unescaped. */
const OBEYED_IN_JSON = /[\u007f-\u009f\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** Maximum length of a value within a sentence or a table cell, in UTF-16 units. */
const VALUE_CHARACTERS = 200;
/** Maximum length of a line for people, in UTF-16 units. */
const LINE_CHARACTERS = 4_000;

const ELLIPSIS = '…';

/**
 * Makes untrusted text safe to show on one line: characters that a terminal acts on become escapes
 * (`\u001b`), and text longer than `most` UTF-16 units ends with an ellipsis.
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

/** Applies {@link printable} to each line of a text, and keeps at most `mostLines` lines. */
export function printableLines(text: string, mostLines = Infinity): string {
  const lines = text.split(/\r?\n/);
  const shown = lines.slice(0, mostLines).map((line) => printable(line, LINE_CHARACTERS));
  if (lines.length > mostLines) shown.push(ELLIPSIS);
  return shown.join('\n');
}

/**
 * Makes JSON text safe to show without changing its meaning: JSON escapes only the C0 controls, and
 * this escapes the other characters that a terminal acts on.
 */
export function printableJson(json: string): string {
  return json.replace(OBEYED_IN_JSON, escaped);
}

/** Quotes text for a message: shortened to `most` UTF-16 units and escaped as in JSON. */
export function quoteText(text: string, most: number): string {
  return printableJson(JSON.stringify(shortened(text, most)));
}

/**
 * Shortens text to `most` UTF-16 units with an ellipsis at its end, without splitting a character.
 */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - ELLIPSIS.length;
  const isHalf = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, isHalf ? end - 1 : end)}${ELLIPSIS}`;
}

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
