import type { CompletedCommand, CompletedOption } from './command-tree.ts';

/** Writes the completion of a program for zsh. */
export function zshScript(program: string, tree: readonly CompletedCommand[]): string {
  return `#compdef ${program}
# Completion of ${program} for zsh, written by \`${program} completion zsh\`.
_${program}() {
  local command='' i
  local -a names flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$command/\${words[i]}" in
${pathCases(tree)}
    esac
  done
  case "$command/\${words[CURRENT-1]}" in
${valueCases(tree)}
  esac
  case "$command" in
${tree.map(commandCase).join('\n')}
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option flags
  elif (( $#names )); then
    _describe command names
  else
    _files
  fi
}
if [[ $zsh_eval_context == *loadautofunc* ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

function pathCases(tree: readonly CompletedCommand[]): string {
  return tree
    .filter(({ commands }) => commands.length > 0)
    .map(({ path, commands }) => {
      const names = commands.map(({ name }) => `'${path}/${name}'`).join('|');
      return `      ${names}) command="\${command:+$command }\${words[i]}" ;;`;
    })
    .join('\n');
}

function valueCases(tree: readonly CompletedCommand[]): string {
  const reply = ({ choices }: CompletedOption): string =>
    choices.length === 0 ? '_files' : `compadd ${choices.join(' ')}`;
  return tree
    .flatMap(({ path, options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .map(
          (option) => `    ${option.flags.map((flag) => `'${path}/${flag}'`).join('|')}) ${reply(option)}; return ;;`,
        ),
    )
    .join('\n');
}

/** Words of a command with their descriptions, as `_describe` reads them. */
function commandCase({ path, commands, options, words }: CompletedCommand): string {
  const names = [
    ...commands.map(({ name, description }) => described(name, description)),
    ...words.map((word) => `'${word}'`),
  ];
  const flags = options.flatMap((option) => option.flags.map((flag) => described(flag, option.description)));
  return `    '${path}') names=(${names.join(' ')}) flags=(${flags.join(' ')}) ;;`;
}

const described = (word: string, description: string): string => `'${word}:${description.replaceAll(':', ' -')}'`;
