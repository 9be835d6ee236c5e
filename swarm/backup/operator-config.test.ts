import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoredConfig } from './operator-config.ts';

type Fields = Record<string, unknown>;

/** Any config, with or without a part about backups. */
const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.jsonValue(), { maxKeys: 3 });
const backup = fc.option(fields, { nil: undefined });
const config = fc
  .tuple(fields, fc.option(fields, { nil: undefined }), backup)
  .map(([rest, workspace, backupCronJob]): Fields | undefined => {
    if (workspace === undefined && Object.keys(rest).length === 0) return undefined;
    const { workspace: _workspace, ...others } = rest;
    const { backupCronJob: _backup, ...own } = workspace ?? {};
    const part = backupCronJob === undefined ? own : { ...own, backupCronJob };
    return { ...others, ...(workspace !== undefined && { workspace: part }) };
  });

/** What a run makes of it: its own part about backups. */
const used = (found: Fields | undefined): Fields => ({
  ...found,
  workspace: { ...(found?.workspace as Fields | undefined), backupCronJob: { enable: true, registry: { path: 'x' } } },
});

describe("the operator's configuration after a run", () => {
  it('is what was found, whatever that was', () => {
    fc.assert(fc.property(config, (found) => isDeepStrictEqual(restoredConfig(used(found), found), found)));
  });

  it('keeps what others have added', () => {
    const found = { workspace: { backupCronJob: { enable: false } } };
    const live = { ...used(found), routing: { defaultRoutingClass: 'basic' } };
    expect(restoredConfig(live, found)).toEqual({ ...found, routing: { defaultRoutingClass: 'basic' } });
  });
});
