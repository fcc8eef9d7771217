import { execFile, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** Shells whose completion is tested. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** True if a shell is on this machine; otherwise prints that its tests are skipped. */
export function hasShell(shell: Shell): boolean {
  const isThere = spawnSync(shell, ['--version']).status === 0;
  if (!isThere) console.warn(`skipped: there is no ${shell} on this machine`);
  return isThere;
}

/**
 * Writes a completion to a folder, from which {@link offered} loads it: under the name by which zsh
 * finds it, too.
 */
export async function install(folder: string, shell: Shell, script: string): Promise<void> {
  if (shell === 'zsh') {
    await writeFile(path.join(folder, 'child.zsh'), ZSH_CHILD);
    await writeFile(path.join(folder, 'capture.zsh'), ZSH_CAPTURE);
  }
  await writeFile(path.join(folder, shell === 'zsh' ? '_flowline' : `flowline.${shell}`), script);
}

/** Complaints of a shell that reads an installed completion without running it. */
export async function complaints(folder: string, shell: Shell): Promise<string> {
  const file = shell === 'zsh' ? '_flowline' : `flowline.${shell}`;
  return (await run(shell, ['-n', path.join(folder, file)], { timeout: TIMEOUT_MS })).stderr;
}

/** Words that a shell offers for the last of the words after `flowline`, in alphabetical order. */
export async function offered(folder: string, shell: Shell, words: readonly string[]): Promise<string[]> {
  const { stdout } = await run(shell, argumentsOf[shell](folder, words), { timeout: TIMEOUT_MS });
  const found = stdout.split(/\r?\n/).map((line) => line.split('\t').at(0) ?? '');
  return found.filter((word) => word !== '').sort();
}

const BASH = `source "$1/flowline.bash"; shift
COMP_WORDS=(flowline "$@"); COMP_CWORD=$#; _flowline; printf '%s\\n' "\${COMPREPLY[@]}"`;

const argumentsOf: Readonly<Record<Shell, (folder: string, words: readonly string[]) => string[]>> = {
  bash: (folder, words) => ['-c', BASH, 'bash', folder, ...words],
  zsh: (folder, words) => ['-f', path.join(folder, 'capture.zsh'), folder, ['flowline', ...words].join(' ')],
  fish: (folder, words) => [
    ...['--no-config', '-c', 'source $argv[1]/flowline.fish; complete -C $argv[2]'],
    ...[folder, ['flowline', ...words].join(' ')],
  ],
};

/** Types the line $2 and a tab in an interactive zsh, and prints what it offers. */
const ZSH_CAPTURE = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "fpath=('$1' \\$fpath); source '$1/child.zsh'"
while zpty -r z line; do [[ $line == *ready* ]] && break; done
zpty -w z "$2"$'\\t'
typeset -i marks=0
while zpty -r z line; do
  if [[ $line == *$'\\0'* ]]; then (( ++marks == 2 )) && break; continue; fi
  (( marks == 1 )) && print -r -- "$line"
done
`;

/** Makes an interactive zsh print what it would list, between two lines with a NUL. */
const ZSH_CHILD = `PROMPT=
autoload -Uz compinit; compinit -u -D
bindkey '^M' undefined
bindkey '^J' undefined
bindkey '^I' complete-word
mark() { print -r -- $'\\0' }
compprefuncs=(mark)
comppostfuncs=(mark exit)
compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  (( $#hits )) && print -rl -- $hits
  builtin compadd "$@"
}
print ready
`;
