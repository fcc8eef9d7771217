import type { Command } from 'commander';

import { action, choicesOfArgument, command } from '../command.ts';
import { bashScript } from '../completion/bash.ts';
import { commandTree } from '../completion/command-tree.ts';
import { fishScript } from '../completion/fish.ts';
import { zshScript } from '../completion/zsh.ts';
import { printResult } from '../output.ts';
import { parseChoice } from '../parse-options.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

interface CompletionOptions {
  readonly json?: true;
}

/**
 * `flowline completion SHELL`: a script by which a shell completes commands and options.
 * @param createProgram creates the program with all its commands.
 */
export function completionCommand(createProgram: () => Promise<Command>): Command {
  const created = command('completion <shell>', 'Print a script by which a shell completes commands and options.', [
    'source <(flowline completion bash)                                  # in ~/.bashrc',
    'flowline completion zsh > "${fpath[1]}/_flowline"',
    'flowline completion fish > ~/.config/fish/completions/flowline.fish',
  ]);
  return choicesOfArgument(created, 'shell', shells).action(
    action(async (written: string, { json }: CompletionOptions) => {
      const shell = parseChoice('<shell>', written, shells);
      const tree = commandTree(await createProgram());
      const script = scripts[shell]('flowline', tree);
      if (json === true) printResult({ shell, script }, true, () => '');
      else process.stdout.write(script);
    }),
  );
}
