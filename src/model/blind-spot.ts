/**
 * Something a source could not see, and therefore does not speak about. Every report shows them:
 * an answer without its blind spots claims more than was looked at.
 */
export interface BlindSpot {
  /** Stable name for programs, lower case with hyphens. */
  readonly id: string;
  /** What is not known, as a person would say it. */
  readonly what: string;
  readonly because: string;
  /** What would show it. Absent: nothing at hand would. */
  readonly remedy?: string;
  /**
   * Whether part of what was asked for is missing from the answer. False for the limits that every
   * answer of this kind has.
   */
  readonly missing: boolean;
}
