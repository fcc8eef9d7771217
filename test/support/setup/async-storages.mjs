// Jest opens an AsyncLocalStorage per test file and never closes it, and Node 20 visits every open
// one for each promise: after a hundred files of a worker, promises take most of the time.
import { AsyncLocalStorage } from 'node:async_hooks';

// On the class, which all test files of a worker share.
const key = Symbol.for('flowline.storages');

if (AsyncLocalStorage[key] === undefined) {
  const opened = new Set();
  const { run } = AsyncLocalStorage.prototype;
  AsyncLocalStorage.prototype.run = function (...args) {
    opened.add(this);
    return run.apply(this, args);
  };
  AsyncLocalStorage[key] = opened;
}
// Those of the files before; the one of this file opens with its first test.
for (const storage of AsyncLocalStorage[key]) storage.disable();
AsyncLocalStorage[key].clear();
