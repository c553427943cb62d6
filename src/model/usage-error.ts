// Owns the error for what the caller did wrong: said in words with the remedy, exit code 64, never a stack trace.

/** `message` names the cause; `remedy` says what to type instead. */
export class UsageError extends Error {
  readonly remedy: string | null;
  constructor(message: string, remedy: string | null = null) {
    super(message);
    this.remedy = remedy;
  }
}

/** More than a bound permits. */
export class TooMuch extends UsageError {}
