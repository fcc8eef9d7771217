import type { FlowlineDocument } from '@flowline/config';
import type { Database } from '@flowline/db';
import { FlowlineError } from '@flowline/events';
import { checkHistory } from '@flowline/operations/history';

/** History of a detector that the database does not have as the detector reads it. */
export interface HistoryFinding {
  readonly detector: string;
  readonly message: string;
  readonly remedy: string | undefined;
}

/** Checks the history queries of the detectors among documents against the database. */
export async function historyFindings(
  db: Database,
  documents: readonly FlowlineDocument[],
): Promise<readonly HistoryFinding[]> {
  const findings: HistoryFinding[] = [];
  for (const document of documents) {
    if (document.kind !== 'Detector') continue;
    try {
      await checkHistory(db, document.definition);
    } catch (error) {
      if (!(error instanceof FlowlineError) || error.code !== 'FLOWLINE_HISTORY_INVALID') throw error;
      findings.push({ detector: document.name, message: error.message, remedy: error.remedy });
    }
  }
  return findings;
}
