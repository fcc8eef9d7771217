import type { CompletedCommand } from './command-tree.ts';

/** Writes the completion of a program for bash, from version 3.2 on. */
export function bashScript(program: string, tree: readonly CompletedCommand[]): string {
  return `# Completion of ${program} for bash, written by \`${program} completion bash\`.
_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' words='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command/\${COMP_WORDS[i]}" in
${pathCases(tree)}
    esac
  done
  case "$command/$previous" in
${valueCases(tree)}
  esac
  case "$command" in
${tree.map(commandCase).join('\n')}
  esac
  if [[ $current == -* ]]; then words="$flags"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${program} ${program}
`;
}

/** Cases in which a word is the name of a command within the one before. */
function pathCases(tree: readonly CompletedCommand[]): string {
  return tree
    .filter(({ commands }) => commands.length > 0)
    .map(({ path, commands }) => {
      const names = commands.map(({ name }) => `'${path}/${name}'`).join('|');
      return `      ${names}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;`;
    })
    .join('\n');
}

/** Cases in which the word before is an option with a value: its choices, or else files. */
function valueCases(tree: readonly CompletedCommand[]): string {
  return tree
    .flatMap(({ path, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(({ flags, choices }) => {
          const patterns = flags.map((flag) => `'${path}/${flag}'`).join('|');
          const reply = choices.length === 0 ? '' : ` COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$current"));`;
          return `    ${patterns})${reply} return ;;`;
        }),
    )
    .join('\n');
}

function commandCase({ path, commands, options, words }: CompletedCommand): string {
  const all = [...commands.map(({ name }) => name), ...words].join(' ');
  const flags = options.flatMap((option) => option.flags).join(' ');
  return `    '${path}') words='${all}' flags='${flags}' ;;`;
}
