import type { Scenario } from '../scenario.ts';
import { abortTransactions } from './abort-transactions.ts';
import { addPartitions } from './add-partitions.ts';
import { blockDatabaseWrites } from './block-database-writes.ts';
import { breakNetwork } from './break-network.ts';
import { changeClock } from './change-clock.ts';
import { copyDatabase } from './copy-database.ts';
import { dropDetector } from './drop-detector.ts';
import { interleaveCommits } from './interleave-commits.ts';
import { killProcesses } from './kill-processes.ts';
import { killProcessesAlerts } from './kill-processes-alerts.ts';
import { killProcessesRecovery } from './kill-processes-recovery.ts';
import { killTrainer } from './kill-trainer.ts';
import { pauseScorer } from './pause-scorer.ts';
import { recreateTopic } from './recreate-topic.ts';
import { refuseAlerts } from './refuse-alerts.ts';
import { refuseRecords } from './refuse-records.ts';
import { repeatEvents } from './repeat-events.ts';
import { resetGroupOffsets } from './reset-group-offsets.ts';
import { sendHostileRecords } from './send-hostile-records.ts';
import { signalProcessGroup } from './signal-process-group.ts';
import { spoilRecords } from './spoil-records.ts';
import { swapChampions } from './swap-champions.ts';

/** Rows of the fault suite, in the order of their ids. R12 is the soak of the benchmarks. */
export const rows: readonly Scenario[] = [
  killProcesses,
  killProcessesAlerts,
  pauseScorer,
  swapChampions,
  killProcessesRecovery,
  spoilRecords,
  resetGroupOffsets,
  killTrainer,
  changeClock,
  blockDatabaseWrites,
  breakNetwork,
  interleaveCommits,
  recreateTopic,
  copyDatabase,
  addPartitions,
  abortTransactions,
  refuseAlerts,
  refuseRecords,
  sendHostileRecords,
  dropDetector,
  signalProcessGroup,
  repeatEvents,
];
