// Runs each file named on the command line, one after another in this process, and ends with a line of JSON: what became of each.
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
