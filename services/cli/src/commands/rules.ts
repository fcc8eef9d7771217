import type { Command } from 'commander';

import { dryRunCommand } from './rules-dry-run.ts';
import { resourceCommands } from './resources.ts';

/** `flowline rules ls|show|rm|dry-run`: the rules in force, and what others would do. */
export function rulesCommand(): Command {
  return resourceCommands('Rule', 'rules').addCommand(dryRunCommand());
}

/** `flowline calendars ls|show|rm`: the calendars in force. */
export function calendarsCommand(): Command {
  return resourceCommands('Calendar', 'calendars');
}
