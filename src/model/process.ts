/** A running program as the operating system shows it. Every text in it may be hostile. */
import type { User } from './user.ts';

export interface Process {
  readonly pid: number;
  /** The short name the kernel keeps (Linux: at most 15 octets); programs may choose their own. */
  readonly name: string;
  /** Program and arguments; empty when it is not readable or the program erased it. */
  readonly commandLine: readonly string[];
  /** Whose rights it has now (effective user). */
  readonly user?: User;
  readonly parentPid?: number;
}
