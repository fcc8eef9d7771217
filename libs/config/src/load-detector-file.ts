import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { FlowlineError, messageOf } from '@flowline/events';

import type { DetectorDefinition } from './detector-definition.ts';
import { parseDetector } from './parse-detector.ts';
import { type FlowlineDocument, parseDocuments } from './parse-documents.ts';
import type { ReadText } from './resolve-lookups.ts';

/**
 * Loads a detector from a YAML (or JSON) file. Files that it names are read relative to it.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, FLOWLINE_CONFIG_INVALID (every finding at once).
 */
export async function loadDetectorFile(file: string): Promise<DetectorDefinition> {
  return parseDetector(await textOf(file), file, filesBeside(file));
}

/**
 * Loads the documents of a YAML (or JSON) file, of any kind. Files that they name are read relative
 * to it.
 * @throws FlowlineError FLOWLINE_FILE_UNREADABLE, FLOWLINE_CONFIG_INVALID (every finding at once).
 */
export async function loadDocuments(file: string): Promise<FlowlineDocument[]> {
  return parseDocuments(await textOf(file), file, filesBeside(file));
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Reads files by their paths relative to a file. */
function filesBeside(file: string): ReadText {
  return (relativePath) => {
    const target = path.resolve(path.dirname(file), relativePath);
    try {
      return readFileSync(target, 'utf8');
    } catch (error) {
      throw unreadable(target, error);
    }
  };
}

function unreadable(file: string, cause: unknown): FlowlineError {
  const reason = messageOf(cause);
  return new FlowlineError('FLOWLINE_FILE_UNREADABLE', `${file} cannot be read: ${reason}`, {
    where: file,
    remedy: 'Check the path and its permissions.',
    cause,
  });
}
