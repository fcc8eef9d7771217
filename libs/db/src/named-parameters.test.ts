import { describe, expect, it } from '@jest/globals';

import { positional } from './named-parameters.ts';

describe('positional', () => {
  it('numbers the parameters in the order in which they first occur', () => {
    expect(positional('VALUES (:topic, :detector, f(:topic), :detectorVersion)')).toEqual({
      text: 'VALUES ($1, $2, f($1), $3)',
      names: ['topic', 'detector', 'detectorVersion'],
    });
  });

  it('keeps the cast of a parameter', () => {
    expect(positional('(:ids::bigint[] IS NULL OR id = ANY(:ids))')).toEqual({
      text: '($1::bigint[] IS NULL OR id = ANY($1))',
      names: ['ids'],
    });
  });

  it.each([
    ['a cast', 'SELECT now()::date, value :: text, day::timestamptz'],
    ['a text', "SELECT 'flowline.streams:detector', 'it''s :not', ''"],
    ['a text with escapes', String.raw`SELECT E',\n', e'it\'s :not', E'a\\'`],
    ['an identifier', 'SELECT 1 AS "a:b", 2 AS "say "":not"""'],
    ['a text in dollar quotes', "DO $$ SELECT ':not' $$; SELECT $tag$ $$ :not $$ $tag$"],
    ['a comment', 'SELECT 1 -- not :this\n/* nor :this,\n nor :that */'],
    ['a slice', 'SELECT list[1:2], list[2:n], list[f(1):n], list[a:b]'],
    ['a JSON operator', `SELECT a -> 'b', a ->> ':b', a #> '{c}', a @> '{"d":true}', a ? 'e', a @? '$.f'`],
    ['a time', "SELECT timestamptz '2026-01-02 03:04:05', interval '00:00:01'"],
  ])('does not take %s for a parameter', (_what, text) => {
    expect(positional(text)).toEqual({ text, names: [] });
  });

  it.each([
    ["'flowline.streams:' || :detector", "'flowline.streams:' || $1"],
    ["definition -> 'a' = :value::jsonb -> 'a'", "definition -> 'a' = $1::jsonb -> 'a'"],
    ['ANY (ARRAY[:first,:second])', 'ANY (ARRAY[$1,$2])'],
    ['days => :days::integer', 'days => $1::integer'],
    ["E'\\\\' || :after", "E'\\\\' || $1"],
    ['a<:b AND -:c', 'a<$1 AND -$2'],
    [':whole', '$1'],
  ])('finds the parameters of %s', (text, numbered) => {
    expect(positional(text).text).toBe(numbered);
  });
});
