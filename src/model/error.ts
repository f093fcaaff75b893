/**
 * Faults: conditions that stop a piece of work and that somebody can act on. An expected result (unsatisfiable,
 * refused, a failing test) is a value, not a fault; a broken promise of the code is a plain `Error('internal: …')`.
 */

/** Exit status of the command line for each kind of fault (sysexits.h). */
export const exitStatusOf = {
  REFUSED: 1,
  UNSATISFIABLE: 1,
  LOCK_STALE: 1,
  EVIDENCE_MISSING: 1,
  CONFIGURE_FAILED: 1,
  BOOT_FAILED: 1,
  USAGE: 64,
  SPEC_INVALID: 65,
  POLICY_INVALID: 65,
  INDEX_CORRUPT: 65,
  INDEX_UNTRUSTED: 65,
  INDEX_EXPIRED: 65,
  INDEX_ROLLED_BACK: 65,
  PACKAGE_CORRUPT: 65,
  LOCK_CORRUPT: 65,
  ARTIFACT_CORRUPT: 65,
  NOT_FOUND: 66,
  SOURCE_UNAVAILABLE: 69,
  DEPENDENCY_UNAVAILABLE: 69,
  THROTTLED: 75,
  BUSY: 75,
  COPY_PENDING: 75,
  TEST_PENDING: 75,
  NO_SPACE: 75,
  INTERRUPTED: 75,
  HOST_NOT_READY: 78,
  CONFIG_INVALID: 78,
} as const;

export type ErrorCode = keyof typeof exitStatusOf;

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  'SOURCE_UNAVAILABLE',
  'THROTTLED',
  'BUSY',
  'COPY_PENDING',
  'TEST_PENDING',
  'DEPENDENCY_UNAVAILABLE',
]);

/**
 * A fault with a stable code. `name` is the code, so that a state machine's `ErrorEquals` matches it.
 * `message` says what and where, in lower case and without a full stop; `hint` says what to do.
 */
export class KilnError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = code;
    this.code = code;
    this.hint = options.hint;
  }

  /** Whether the same request may succeed later without anybody changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
