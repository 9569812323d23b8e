/** What the process returns; scripts rely on these numbers. Documented in docs/exit-codes.md. */
export const DONE = 0;
/** Findings as grave as --fail-on says, or the answer is a no or a change: different, denied. */
export const FINDINGS = 1;
/** Misuse: unknown command or option, impossible value. */
export const USAGE = 2;
/** An input could not be read. */
export const INPUT = 3;
/** A privilege is missing without which nothing can be done. */
export const PRIVILEGE = 4;
/** The view is incomplete where a complete one was asked for, or there is no view at all. */
export const INCOMPLETE = 5;
/** A defect of this program (`EX_SOFTWARE` of sysexits.h). */
export const DEFECT = 70;
/** Stopped by an interrupt (128 + SIGINT); what was known by then was reported. */
export const INTERRUPTED = 130;
