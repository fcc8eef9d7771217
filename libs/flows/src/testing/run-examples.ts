// Runs each file named on the command line, one after another in this process. The last line of
// output is JSON with the error of each, or null.
import { pathToFileURL } from 'node:url';

const results: { readonly file: string; readonly error: string | null }[] = [];
for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file).href);
    results.push({ file, error: null });
  } catch (error) {
    results.push({ file, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
console.log(JSON.stringify(results));
