/** How a command ends. */

/** Exit codes of the program. */
export const EXIT = {
  ok: 0,
  /** The run failed its verdict. */
  failed: 1,
  /** Wrong input: options, plan, address. */
  input: 2,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** Something the user gave is wrong. The message says what was given, what is allowed and what to do; no stack is shown. */
export class InputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputError';
  }
}
