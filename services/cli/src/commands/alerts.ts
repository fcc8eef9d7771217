import { Command } from 'commander';

import { acknowledgeCommand, resolveCommand, snoozeCommand } from './alerts-answer.ts';
import { deadCommand } from './alerts-dead.ts';
import { listCommand } from './alerts-list.ts';
import { showCommand } from './alerts-show.ts';
import { setAsideCommand, waitingCommand } from './alerts-waiting.ts';

/**
 * `flowline alerts`: lists, shows and answers alerts, and looks after their messages: those that
 * wait for their sink, and those that were set aside.
 */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description('List and answer alerts, and look after their messages.')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(acknowledgeCommand())
    .addCommand(snoozeCommand())
    .addCommand(resolveCommand())
    .addCommand(waitingCommand())
    .addCommand(setAsideCommand())
    .addCommand(deadCommand());
}
