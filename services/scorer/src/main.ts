import { runScorer } from './run-scorer.ts';

process.exitCode = await runScorer(process.argv.slice(2));
