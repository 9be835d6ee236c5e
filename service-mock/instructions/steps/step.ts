/** What makes the arguments of a step. Upstream: assisted-service, internal/host/hostcommands/instruction_manager.go, CommandGetter. */
import type { Core } from '../../core/core.ts';
import type { HostRow } from '../../core/rows.ts';

/** Arguments of a step for a host; undefined when the host is not asked now. */
export type StepBuilder = (core: Core, host: HostRow) => readonly string[] | undefined;

/** A JSON text as the only argument. */
export const json = (value: unknown): string[] => [JSON.stringify(value)];
