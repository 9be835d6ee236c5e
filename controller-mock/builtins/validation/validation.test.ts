import { describe, expect, it } from 'vitest';
import { RULES } from './index.ts';
import { causesOfOurs, readAnswers } from './testing/answers.ts';

const answers = readAnswers();

describe.each([...new Set(answers.map(({ kind }) => kind))])('%s', (kind) => {
  it.each(
    answers
      .filter((answer) => answer.kind === kind)
      .map((answer) => [JSON.stringify([answer.created, answer.written]).slice(0, 150), answer] as const),
  )('%s', (_title, answer) => {
    expect(causesOfOurs(answer)).toEqual(answer.causes);
  });
});

it.each(Object.entries(RULES))('every rule of %s says where it is from', (_kind, rules) => {
  expect(rules.length).toBeGreaterThan(0);
  for (const { field, source } of rules) {
    expect([field, source]).toEqual([field, expect.stringMatching(/^(pkg|staging)\/[\w./-]+\.go( \w+,?)+/)]);
  }
});
