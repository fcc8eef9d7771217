import { FlowlineError, printable } from '@flowline/events';

import type { PostResponse } from './post.ts';

/** Failure of a send: of no use to repeat (`refused`), or for later. */
export interface SendFailure {
  readonly refused: boolean;
  readonly error: unknown;
  /** Least time until the next attempt, as the server asked; absent if it did not. */
  readonly retryAfterMs?: number;
}

/** Statuses that pass by themselves: timeout, too early, too many. */
const PASSING = new Set([408, 425, 429]);
const REASON_CHARACTERS = 200;

/**
 * Failure that a response stands for; null if it accepts. Redirects and other client errors will
 * not heal by themselves, whereas those of the server may.
 * @param sink name of the sink.
 * @param secrets texts that are cut out of what the server said.
 */
export function failureOf(
  sink: string,
  { status, retryAfterMs, excerpt }: PostResponse,
  secrets: readonly string[],
): SendFailure | null {
  if (status >= 200 && status < 300) return null;
  const refused = status >= 300 && status < 500 && !PASSING.has(status);
  const said = printable(without(excerpt, secrets).trim(), REASON_CHARACTERS);
  const message = `sink ${sink} answered ${String(status)}${said === '' ? '' : `: ${said}`}`;
  return {
    refused,
    error: sinkError(refused, message, sink),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

/** Failure of a connection. Its message names the code alone: an address may be a secret. */
export function unreachable(sink: string, cause: unknown): SendFailure {
  if (cause instanceof FlowlineError) return { refused: false, error: cause };
  const found = (cause ?? {}) as { code?: string; name?: string; cause?: { name?: string } };
  const names = [found.name, found.cause?.name];
  const isCut = names.includes('AbortError');
  const reason = names.includes('TimeoutError')
    ? 'timeout'
    : isCut
      ? 'cancelled'
      : (found.code ?? 'the connection failed');
  return { refused: false, error: sinkError(false, `sink ${sink} cannot be reached: ${reason}`, sink) };
}

/** Error of a sink, refusal or failure. */
export function sinkError(refused: boolean, message: string, sink: string): FlowlineError {
  return refused
    ? new FlowlineError('FLOWLINE_SINK_REFUSED', message, {
        where: `sink ${sink}`,
        remedy: 'Mend the sink, then `flowline alerts dead redrive <detector>`.',
      })
    : new FlowlineError('FLOWLINE_SINK_UNREACHABLE', message, {
        where: `sink ${sink}`,
        remedy: `It is tried again; \`flowline sinks test ${sink}\` tries it now.`,
        retryable: true,
      });
}

/** Tokens of links in a message, which a server may repeat, also percent-encoded. */
const TOKEN = /(token(?:=|%3D))[\w.%-]+/gi;

/** Text without tokens, and without secrets, whole or as a part of an address. */
function without(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [secret, ...partsOf(secret)]);
  const rest = parts.filter((part) => part.length > 1).reduce((left, part) => left.replaceAll(part, '…'), text);
  return rest.replace(TOKEN, '$1…');
}

/** Parts of an address that a server may repeat: after the host, and alone. */
function partsOf(secret: string): string[] {
  if (!URL.canParse(secret)) return [];
  const { pathname, search, searchParams } = new URL(secret);
  return [pathname + search, pathname, search, ...searchParams.values()];
}
