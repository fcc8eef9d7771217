import { FlowlineError } from '@flowline/events';

/** Creates the error for a version that is not the one that its author has read. */
export function notAsExpected(subject: string, expected: number | null, found: number | null): FlowlineError {
  const [wanted, there] = [expected, found].map((version) => (version === null ? 'none' : `version ${version}`));
  const message = `The ${subject} is not as you have read it: you expect ${wanted}, and ${there} is in force.`;
  return new FlowlineError('FLOWLINE_PRECONDITION_FAILED', message, {
    where: subject,
    remedy: 'Read it again, and apply your change to that version.',
  });
}
