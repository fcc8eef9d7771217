import type { Command } from 'commander';

import { resourceCommands } from './resources.ts';

/** `flowline rules ls|show|rm`: the rules in force. */
export function rulesCommand(): Command {
  return resourceCommands('Rule', 'rules');
}

/** `flowline calendars ls|show|rm`: the calendars in force. */
export function calendarsCommand(): Command {
  return resourceCommands('Calendar', 'calendars');
}
