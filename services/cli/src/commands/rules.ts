import type { Command } from 'commander';

import { resourceCommands } from './resources.ts';
import { dryRunCommand } from './rules-dry-run.ts';
import { proposeCommand } from './rules-propose.ts';

/** `flowline rules ls|show|rm|dry-run|propose`: the rules in force, and what others would do. */
export function rulesCommand(): Command {
  return resourceCommands('Rule', 'rules').addCommand(dryRunCommand()).addCommand(proposeCommand());
}

/** `flowline calendars ls|show|rm`: the calendars in force. */
export function calendarsCommand(): Command {
  return resourceCommands('Calendar', 'calendars');
}
