import { at, stableId } from '@flowline/events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { alertLinks } from './alert-links.ts';
import { feedbackToken, readFeedbackToken } from './feedback-link.ts';
import { type Verdict, verdicts } from './verdict.ts';

const KEY = 'k'.repeat(32);
const OTHER_KEY = 'o'.repeat(64);
const NOW = Date.UTC(2026, 0, 10, 12);
const END_S = NOW / 1_000 + 60;
const alertId = stableId(['alert']);
const purpose = { alertId, verdict: 'expected' } as const;
const token = feedbackToken(purpose, END_S, KEY);
const read = (written: string, keys = [KEY], nowMs = NOW) => readFeedbackToken(written, purpose, { keys, nowMs });

const verdict = fc.constantFrom(...verdicts);
const uuid = fc.uuid();

describe('the token of a link', () => {
  it('permits its answer until its end', () => {
    expect(read(token)).toEqual({ state: 'valid', endsAt: new Date(END_S * 1_000) });
    expect(read(token, [KEY], END_S * 1_000 - 1).state).toBe('valid');
    expect(read(token, [KEY], END_S * 1_000).state).toBe('expired');
  });

  it('permits no other answer, and none to another alert', () => {
    fc.assert(
      fc.property(uuid, verdict, uuid, verdict, (id, given, otherId, other) => {
        const signed = feedbackToken({ alertId: id, verdict: given }, END_S, KEY);
        const state = (asked: string, about: Verdict) =>
          readFeedbackToken(signed, { alertId: asked, verdict: about }, { keys: [KEY], nowMs: NOW }).state;
        expect(state(id, given)).toBe('valid');
        expect(state(otherId, given)).toBe(otherId === id ? 'valid' : 'forged');
        expect(state(id, other)).toBe(other === given ? 'valid' : 'forged');
      }),
    );
  });

  it('is forged after any change: of a bit, of its end, in its length', () => {
    const bytes = Buffer.from(token);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect([bit, read(changed.toString('latin1')).state]).toEqual([bit, 'forged']);
    }
    const [version, , signature] = token.split('.');
    fc.assert(
      fc.property(fc.integer({ min: END_S + 1, max: 99_999_999_999 }), (endS) => {
        expect(read(`${version}.${String(endS)}.${signature}`).state).toBe('forged');
      }),
    );
    for (const written of ['', token.slice(0, -1), `${token}A`, ` ${token}`, `${token}\n`, token.replace('v1', 'v2')]) {
      expect([written, read(written).state]).toEqual([written, 'forged']);
    }
  });

  it('is forged whatever is written, without the key', () => {
    const base64url = fc.string({
      unit: fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_'),
      minLength: 43,
      maxLength: 43,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          base64url.map((mac) => `v1.${String(END_S)}.${mac}`),
        ),
        (written) => {
          expect(read(written).state).toBe('forged');
        },
      ),
    );
    expect(read(token, []).state).toBe('forged');
    expect(read(token, [OTHER_KEY]).state).toBe('forged');
  });

  it('is taken from every key of a rotation, and from none that is retired', () => {
    const older = feedbackToken(purpose, END_S, OTHER_KEY);
    for (const keys of [
      [KEY, OTHER_KEY],
      [OTHER_KEY, KEY],
    ]) {
      expect([read(token, keys).state, read(older, keys).state]).toEqual(['valid', 'valid']);
    }
    expect([read(token, [KEY]).state, read(older, [KEY]).state]).toEqual(['valid', 'forged']);
  });
});

describe('the links of an alert', () => {
  const options = { publicUrl: 'https://flowline.example.org/x', keys: [KEY, OTHER_KEY] };

  it('are its address alone without a key', () => {
    expect(alertLinks({ ...options, keys: [] }, alertId, NOW)).toEqual({
      page: `https://flowline.example.org/x/alerts/${alertId}`,
    });
  });

  it('have one for each verdict, signed by the first key, and hold nothing but its purpose', () => {
    const { feedback } = alertLinks(options, alertId, NOW);
    expect(Object.keys(feedback ?? {})).toEqual(verdicts);
    for (const about of verdicts) {
      const { pathname, searchParams } = new URL(feedback?.[about] ?? '');
      expect(pathname).toBe(`/x/alerts/${alertId}/feedback/${about}`);
      expect([...searchParams.keys()]).toEqual(['token']);
      const signed = searchParams.get('token') ?? '';
      expect(signed).toMatch(/^v1\.\d+\.[\w-]{43}$/);
      const asked = { alertId, verdict: about };
      expect(readFeedbackToken(signed, asked, { keys: [KEY], nowMs: NOW }).state).toBe('valid');
      expect(readFeedbackToken(signed, asked, { keys: [OTHER_KEY], nowMs: NOW }).state).toBe('forged');
    }
  });

  it('last for a week at least, and are the same all day', () => {
    const endOf = (nowMs: number): number => {
      const signed = new URL(alertLinks(options, alertId, nowMs).feedback?.expected ?? '').searchParams.get('token');
      return Number(at((signed ?? '').split('.'), 1)) * 1_000;
    };
    const midnight = Date.UTC(2026, 0, 11);
    expect(endOf(NOW)).toBe(midnight + 7 * 86_400_000);
    expect(alertLinks(options, alertId, NOW)).toEqual(alertLinks(options, alertId, midnight - 1));
    expect(endOf(midnight)).toBe(midnight + 7 * 86_400_000);
    expect(endOf(midnight + 1)).toBe(midnight + 8 * 86_400_000);
  });
});
