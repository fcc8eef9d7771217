/** SQL text in the form of the driver, with the names of its parameters: `$1` is the first name. */
export interface PositionalText {
  readonly text: string;
  readonly names: readonly string[];
}

/** Parts of SQL that hold no parameter, whatever they contain. */
const OPAQUE = [
  String.raw`\b[eE]'(?:[^'\\]|\\[\s\S]|'')*'`, // text with escapes
  String.raw`'(?:[^']|'')*'`, // text
  String.raw`"(?:[^"]|"")*"`, // identifier
  String.raw`\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$`, // text in dollar quotes
  String.raw`--[^\n]*`, // comment to the end of the line
  String.raw`/\*[\s\S]*?\*/`, // comment
  '::', // cast
];
/** Colon and name. The bound of a slice, `list[1:last]`, follows its number directly. */
const PARAMETER = String.raw`(?<![\w\])]):(?<name>[a-zA-Z]\w*)`;
const TOKEN = new RegExp([...OPAQUE, PARAMETER].join('|'), 'g');

/**
 * Replaces the parameters of an SQL text, `:detector`, with `$1`, `$2` … in the order in which they
 * first occur. A name that occurs again has the same number. Casts (`::text`), quoted texts and
 * identifiers, comments and slices are left as they are.
 */
export function positional(text: string): PositionalText {
  const names: string[] = [];
  const numbered = text.replace(TOKEN, (...match: unknown[]) => {
    const { name } = match.at(-1) as { readonly name?: string };
    if (name === undefined) return String(match[0]);
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text: numbered, names };
}
