/** Something that was given, or found, makes the run impossible; nothing was created. The message says what to do. */
export class BackupInputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackupInputError';
  }
}
