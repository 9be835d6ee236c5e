/** The ledgers of all runs that made objects with one label on one hub, while these are removed. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../model/time/clock.ts';
import { type HubTarget, ledgerNameOf, targetOf } from '../cluster/hub-objects.ts';
import {
  LEDGER_FILE,
  Ledger,
  type LedgerContents,
  type LedgerEntry,
  type LedgerHub,
  readLedger,
} from '../telemetry/ledger.ts';
import { isOver, recordsOnHub } from './hub-record.ts';
import { note } from './note.ts';

/** Wall-clock milliseconds after a process's last word in which the hub may still carry out what it was asked for. */
const SETTLE_MS = 3_000;

export class HubLedgers {
  /** For who needs one; nothing is kept of it when there is none. */
  readonly first: Ledger;
  readonly #ledgers: { ledger: Ledger; contents: LedgerContents }[] = [];
  #lastWordAt = 0;

  /** @throws InputError while a process makes objects with the label */
  constructor(out: string, hub: Pick<LedgerHub, 'server' | 'label'>) {
    isOver(out, hub);
    for (const { folder } of recordsOnHub(out, hub)) {
      const contents = readLedger(folder);
      if (contents.open.length === 0) continue;
      this.#lastWordAt = Math.max(this.#lastWordAt, statSync(join(folder, LEDGER_FILE)).mtimeMs);
      const onFailure = (error: Error) => note(`warning: ${folder}: ${error.message}`);
      try {
        this.#ledgers.push({ ledger: Ledger.reopen(folder, contents, onFailure), contents });
      } catch (error) {
        onFailure(error as Error);
      }
    }
    this.first = this.#ledgers[0]?.ledger ?? new Ledger({ sink: () => {}, onFailure: () => {} });
  }

  /** Everything that is not known to be gone. */
  open(): LedgerEntry[] {
    return this.#ledgers.flatMap(({ ledger }) => ledger.open());
  }

  /** Waits until nothing can come any more of what killed processes asked for. */
  async settled(clock: Clock, signal: AbortSignal): Promise<void> {
    const wait = this.#lastWordAt + SETTLE_MS - Date.now();
    if (wait > 0) await clock.sleep(wait, signal);
  }

  gone(target: HubTarget): void {
    const { kind, name } = ledgerNameOf(target);
    for (const { ledger } of this.#ledgers) ledger.find(kind, name)?.gone();
  }

  /** Nothing is on the hub any more: what was not found, somebody else has removed, or it was never made. */
  allGone(): void {
    for (const entry of this.open()) if (targetOf(entry)) entry.gone();
  }

  end(): void {
    // The end of the run stays the last line, where readers look for it.
    for (const { ledger, contents } of this.#ledgers) ledger.end(contents.end ?? undefined);
  }
}
