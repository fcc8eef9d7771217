// Projects of Jest (jest.config.mjs) that a command runs.
import { readdirSync } from 'node:fs';
import path from 'node:path';

const projects = {
  'jest:unit': ['unit'],
  'jest:proofs': ['proofs'],
  'jest:servers': ['integration', 'e2e'],
};
/** Options of Jest whose next argument is a value, not a file. */
const VALUED = ['-t', '--testNamePattern', '-w', '--maxWorkers', '-c', '--config', '--outputFile', '--reporters'];
const FOLDERS = ['libs', 'services', 'bench', 'examples', 'scripts', 'test/support'];

/**
 * Arguments that select the projects of a command. They come last: Jest takes the arguments after
 * --selectProjects for more projects. A file that only proofs match is run as a proof, with a note.
 */
export function selectProjects(command, args, root) {
  if (!(command in projects)) return [];
  const selection = (names) => ['--selectProjects', ...names];
  const patterns = args.filter((arg, i) => !arg.startsWith('-') && !VALUED.includes(args[i - 1]));
  if (command !== 'jest:unit' || patterns.length === 0) return selection(projects[command]);
  const found = testFiles(root).filter((file) => patterns.some((pattern) => matches(file, pattern)));
  const proofs = found.filter((file) => file.endsWith('.proof.test.ts'));
  if (proofs.length === 0) return selection(['unit']);
  if (proofs.length < found.length) {
    console.error(`Without its ${proofs.length} proofs: npm run test:proofs -- ${patterns.join(' ')}`);
    return selection(['unit']);
  }
  console.error(`No unit test, but ${proofs.length === 1 ? 'a proof' : 'proofs'}: npm run test:proofs`);
  return selection(['proofs']);
}

function testFiles(root) {
  return FOLDERS.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((file) => file.endsWith('.test.ts') && !/(^|[\\/])(node_modules|dist)[\\/]/.test(file))
      .map((file) => path.join(root, folder, file)),
  );
}

/** Matches as Jest does: the pattern is a regular expression on the absolute path. */
function matches(file, pattern) {
  try {
    return new RegExp(pattern.replace(/^\.\//, ''), 'i').test(file);
  } catch {
    return false;
  }
}
