import { badRequest } from '../invalid-request.ts';

/** Maximum characters of a name and of a note that are typed on a page. */
export const NAME_CHARACTERS = 100;
export const NOTE_CHARACTERS = 1_000;

const FORM = 'application/x-www-form-urlencoded';

/** Answer as it was typed. */
export interface TypedAnswer {
  readonly name: string;
  readonly note: string | null;
}

/**
 * Reads the form of a page. A name is required: pressing a button takes no person.
 * @throws FlowlineError FLOWLINE_REQUEST_INVALID.
 */
export function readAnswer(contentType: string | undefined, body: unknown): TypedAnswer {
  const isForm = contentType?.split(';', 1)[0]?.trim().toLowerCase() === FORM;
  if (!isForm || !Buffer.isBuffer(body)) {
    throw badRequest('the body', 'This is not the form of the page.', 'Open the link in a browser, and use its form.');
  }
  const form = new URLSearchParams(body.toString('utf8'));
  const name = (form.get('name') ?? '').trim();
  // Browsers count a line break as one character, and send two.
  const note = (form.get('note') ?? '').replaceAll('\r\n', '\n').trim();
  if (name === '') throw badRequest('name', 'Your name is missing.', 'Go back, and write your name.');
  const longest = [
    ['name', name.length, NAME_CHARACTERS],
    ['note', note.length, NOTE_CHARACTERS],
  ] as const;
  for (const [field, length, most] of longest) {
    if (length <= most) continue;
    throw badRequest(
      field,
      `The ${field} has ${length} characters; at most ${most} are kept.`,
      'Go back, and shorten it.',
    );
  }
  return { name, note: note === '' ? null : note };
}
