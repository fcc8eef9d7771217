// Jest compiles every module anew for each test file. A worker keeps what V8 made of a module the
// first time and passes it on, so that the next file takes it instead of parsing the source again.
import vm from 'node:vm';

const compiled = new Map();

/** Compiled form of a source, kept under its file; undefined the first time. */
const keptFor = (file, code) => {
  const kept = compiled.get(file);
  return kept?.code === code ? kept.data : undefined;
};

const { SourceTextModule, compileFunction } = vm;

// Without --experimental-vm-modules there is none.
if (SourceTextModule !== undefined) {
  vm.SourceTextModule = class extends SourceTextModule {
    constructor(code, options) {
      const cachedData = keptFor(options.identifier, code);
      super(code, cachedData === undefined ? options : { ...options, cachedData });
      if (cachedData === undefined) compiled.set(options.identifier, { code, data: this.createCachedData() });
    }
  };
}

vm.compileFunction = (code, params, options = {}) => {
  const cachedData = keptFor(options.filename, code);
  if (cachedData !== undefined) return compileFunction(code, params, { ...options, cachedData });
  const made = compileFunction(code, params, { ...options, produceCachedData: true });
  compiled.set(options.filename, { code, data: made.cachedData });
  return made;
};
