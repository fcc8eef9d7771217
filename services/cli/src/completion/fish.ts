import type { CompletedCommand, CompletedOption } from './command-tree.ts';

/** Writes the completion of a program for fish. */
export function fishScript(program: string, tree: readonly CompletedCommand[]): string {
  const inner = tree.filter(({ commands }) => commands.length > 0);
  const paths = inner.flatMap(({ path, commands }) => commands.map(({ name }) => `'${path}/${name}'`));
  return `# Completion of ${program} for fish, written by \`${program} completion fish\`.
function __${program}_at
    set -l command ''
    for word in (commandline -opc)[2..-1]
        if contains -- "$command/$word" ${paths.join(' ')}
            set command (string trim "$command $word")
        end
    end
    test "$command" = "$argv[1]"
end
complete -c ${program} -e
${tree.flatMap((command) => linesOf(program, command)).join('\n')}
`;
}

function linesOf(program: string, { path, commands, options, words }: CompletedCommand): string[] {
  const start = `complete -c ${program} -n "__${program}_at '${path}'"`;
  return [
    ...commands.map(({ name, description }) => `${start} -f -a ${name} -d '${description}'`),
    ...words.map((word) => `${start} -f -a ${word}`),
    ...options.map((option) => `${start} ${flagsOf(option)} -d '${option.description}'`),
  ];
}

function flagsOf({ flags, takesValue, choices }: CompletedOption): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const values = choices.length === 0 ? '-r' : `-x -a '${choices.join(' ')}'`;
  return [...names, ...(takesValue ? [values] : [])].join(' ');
}
