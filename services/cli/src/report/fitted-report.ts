import { loadBundle } from '@flowline/detector';
import type { DataTable } from '@flowline/tables';

import type { FitPlan, FittedTable } from '../fit/index.ts';
import { createDetector } from '../score/index.ts';
import { commandLine } from './command-line.ts';
import { trainedReport } from './trained-report.ts';

/** Report on a model that was fitted to a file, as one page of HTML. */
export async function fittedReport(data: DataTable, plan: FitPlan, fitted: FittedTable): Promise<string> {
  const { history, alpha, report } = fitted;
  const detector = await createDetector(loadBundle(fitted.bytes), { alpha, compute: null });
  try {
    return await trainedReport(
      { detector, report, table: history.table, test: history.test },
      {
        title: plan.spec.name,
        where: data.where,
        ...{ leftOut: plan.leftOut, warnings: fitted.warnings, command: commandLine() },
      },
    );
  } finally {
    detector.dispose();
  }
}
