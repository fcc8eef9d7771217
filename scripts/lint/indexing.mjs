import ts from 'typescript';

/**
 * A default for an element reads past the end of a list without a word: `values[i] ?? 0`. Elements
 * that are null are absent by their own type and may have one; a call that never returns is none.
 */
const { NumberLike, Undefined, Null, Never } = ts.TypeFlags;

const partsOf = (type) => (type.isUnion() ? type.types : [type]);

const noDefault = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      hidden:
        '`??` after an index hides a read past the end. If the element must exist, read it with `at(list, index)`, ' +
        'in a hot loop with `list[index] ?? missing(list, index)`; if it may be absent, with `list.at(index) ?? …`.',
    },
  },
  create: ({ sourceCode, report }) => ({
    'LogicalExpression[operator="??"][left.type="MemberExpression"][left.computed=true]'({ left, right }) {
      const services = sourceCode.parserServices;
      if (!services?.program) return;
      if (services.getTypeAtLocation(right).flags & Never) return;
      const isIndex = partsOf(services.getTypeAtLocation(left.property)).every(({ flags }) => flags & NumberLike);
      const element = services.getTypeAtLocation(left.object).getNumberIndexType();
      if (!isIndex || element === undefined) return;
      if (!partsOf(element).some(({ flags }) => flags & (Undefined | Null)))
        report({ node: left, messageId: 'hidden' });
    },
  }),
};

/** ESLint plugin with the rule `no-default`. */
export default { rules: { 'no-default': noDefault } };
