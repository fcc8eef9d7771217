/**
 * Rules of docs/style.md for comments: prose at most 100 columns wide, and docstrings that begin
 * with a noun or a verb, so that a list of them can be skimmed.
 */
const COLUMNS = 100;
const REFUSED = /^(?:What|How|Who|Whose|Whether|Where|When|Of|Those|That)\b/;
const UNBROKEN = /https?:\/\/\S{40,}/;

/** Lines of a comment with their line numbers, without diagrams and code samples. */
function proseOf(comment, lines) {
  const prose = [];
  let isSample = false;
  for (let line = comment.loc.start.line; line <= comment.loc.end.line; line++) {
    const text = lines[line - 1] ?? '';
    if (/^\s*(?:\/\/|\*)\s*```/.test(text)) isSample = !isSample;
    else if (!isSample) prose.push({ line, text });
  }
  return prose;
}

const width = {
  meta: {
    type: 'layout',
    schema: [],
    messages: { wide: `Comments are at most ${COLUMNS} columns wide; this line has {{columns}}.` },
  },
  create: ({ sourceCode, report }) => ({
    Program() {
      for (const comment of sourceCode.getAllComments()) {
        for (const { line, text } of proseOf(comment, sourceCode.lines)) {
          const isOwnLine = line > comment.loc.start.line || text.slice(0, comment.loc.start.column).trim() === '';
          if (!isOwnLine || text.length <= COLUMNS || UNBROKEN.test(text)) continue;
          const loc = { start: { line, column: 0 }, end: { line, column: text.length } };
          report({ loc, messageId: 'wide', data: { columns: String(text.length) } });
        }
      }
    },
  }),
};

const nounFirst = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { clause: 'Begin a docstring with a noun or a verb, not with "{{word}}" (docs/style.md).' },
  },
  create: ({ sourceCode, report }) => ({
    Program() {
      for (const comment of sourceCode.getAllComments()) {
        if (comment.type !== 'Block' || !comment.value.startsWith('*')) continue;
        const [word] = REFUSED.exec(comment.value.replace(/^[\s*]+/, '')) ?? [];
        if (word !== undefined) report({ loc: comment.loc, messageId: 'clause', data: { word } });
      }
    },
  }),
};

/** ESLint plugin with the rules `width` and `noun-first`. */
export default { rules: { width, 'noun-first': nounFirst } };
