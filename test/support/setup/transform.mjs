// Transform of Jest: TypeScript by swc, libraries as they are, and in both the names of the
// language taken once per module. Test files run in a context of their own, where every use of
// `Math` or `NaN` looks it up through that context: loops over numbers take twice as long.
import { createHash } from 'node:crypto';

import swcJest from '@swc/jest';

const names = [
  ...['Array', 'BigInt', 'Boolean', 'Infinity', 'JSON', 'Map', 'Math', 'NaN', 'Number', 'Object', 'Promise'],
  ...['Set', 'String', 'Symbol', 'WeakMap', 'ArrayBuffer', 'DataView'],
  ...['Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array', 'Uint16Array', 'Uint32Array'],
];
const prefix = `const { ${names.join(', ')} } = globalThis; `;

export default {
  createTransformer(options) {
    const swc = swcJest.createTransformer(options);
    const isLibrary = (file) => file.endsWith('js');
    return {
      process: (source, file, ...more) => withNames(isLibrary(file) ? source : swc.process(source, file, ...more).code),
      getCacheKey: (source, file, ...more) =>
        createHash('sha1')
          .update(prefix)
          .update(isLibrary(file) ? source : swc.getCacheKey(source, file, ...more))
          .digest('hex'),
    };
  },
};

/** On the first line, so that line numbers stay; after a directive, which has to be first. */
function withNames(code) {
  const directive = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*\n|\s)*(['"])use strict\1;?/.exec(code)?.[0] ?? '';
  return { code: `${directive} ${prefix}${code.slice(directive.length)}` };
}
