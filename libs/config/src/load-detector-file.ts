import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { FlowlineError, messageOf } from '@flowline/events';

import type { DetectorDefinition } from './detector-definition.ts';
import { parseDetector } from './parse-detector.ts';

/**
 * Loads a detector from a YAML (or JSON) file. Files that it names are read relative to it.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, FLOWLINE_CONFIG_INVALID (every finding at once).
 */
export async function loadDetectorFile(file: string): Promise<DetectorDefinition> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  return parseDetector(text, file, (relativePath) => {
    const target = path.resolve(path.dirname(file), relativePath);
    try {
      return readFileSync(target, 'utf8');
    } catch (error) {
      throw unreadable(target, error);
    }
  });
}

function unreadable(file: string, cause: unknown): FlowlineError {
  const reason = messageOf(cause);
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}`, {
    where: file,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
