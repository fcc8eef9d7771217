import { useEffect, useRef } from 'preact/hooks';

import { createStore } from '../state/store.ts';
import type { Item } from './call.ts';
import { checkSession } from './sign-in.ts';

/** State of the live stream. */
export const liveState = createStore<'connecting' | 'live' | 'lost'>('connecting');

/** Piece of news: an anomaly or an alert, or that some were missed. */
export type News =
  | { readonly kind: 'anomaly'; readonly data: Item<'GET /v1/anomalies'> }
  | { readonly kind: 'alert'; readonly data: Item<'GET /v1/alerts'> }
  | { readonly kind: 'reset'; readonly data: null };

const RETRY_MS = 5_000;
const listeners = new Set<(news: News) => void>();
let source: EventSource | null = null;
/** True once news may have been missed: a connection was lost. */
let hasMissed = false;
let retry: ReturnType<typeof setTimeout> | null = null;

/** Follows anomalies and alerts. One connection serves every part of the page. */
export function openLive(): void {
  if (source !== null) return;
  const opened = new EventSource('/v1/stream');
  source = opened;
  liveState.set('connecting');
  opened.onopen = () => {
    liveState.set('live');
    // The id of the last event may be unknown, and is if the connection was opened anew.
    if (hasMissed) tell({ kind: 'reset', data: null });
    hasMissed = false;
  };
  opened.onerror = () => {
    liveState.set('lost');
    hasMissed = true;
    if (opened.readyState !== EventSource.CLOSED) return;
    closeLive();
    retry = setTimeout(openLive, RETRY_MS);
    // A refusal may mean that the session has ended, which this notes; any other passes.
    checkSession().catch(() => undefined);
  };
  for (const kind of ['anomaly', 'alert', 'reset'] as const) {
    opened.addEventListener(kind, ({ data }: MessageEvent<string>) => {
      const news = { kind, data: kind === 'reset' ? null : (JSON.parse(data) as unknown) } as News;
      tell(news);
    });
  }
}

function tell(news: News): void {
  for (const listener of [...listeners]) listener(news);
}

/** Ends the connection. */
export function closeLive(): void {
  if (retry !== null) clearTimeout(retry);
  retry = null;
  source?.close();
  source = null;
}

/** Calls back at most once per interval after news that match. */
export function useNews(matches: (news: News) => boolean, onNews: () => void, intervalMs = 1_000): void {
  const latest = useRef({ matches, onNews });
  latest.current = { matches, onNews };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    const listener = (news: News): void => {
      if (timer !== null || !(news.kind === 'reset' || latest.current.matches(news))) return;
      timer = setTimeout(() => {
        timer = null;
        latest.current.onNews();
      }, intervalMs);
    };
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (timer !== null) clearTimeout(timer);
    };
  }, [intervalMs]);
}
