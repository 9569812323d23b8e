/** A running program as the operating system shows it. Every text in it may be hostile. */
import type { User } from './user.ts';

export interface Container {
  readonly runtime: 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'containerd' | 'nspawn';
  /** As the runtime shows it: the first 12 digits of an id, or a name. */
  readonly id: string;
}

export interface Process {
  /** Absent only in others' output that names programs without their ids. */
  readonly pid?: number;
  /**
   * The short name the kernel keeps (Linux: at most 15 octets); programs may choose their own.
   * Empty when only the id is known.
   */
  readonly name: string;
  /** Program and arguments; empty when it is not readable or the program erased it. */
  readonly commandLine: readonly string[];
  /** Whose rights it has now (effective user). */
  readonly user?: User;
  readonly parentPid?: number;
  /** When it began, ms since 1970-01-01T00:00Z. */
  readonly startMs?: number;
  /** systemd unit: `nginx.service`. */
  readonly unit?: string;
  /** Uid of the user whose own systemd runs the unit; absent where it is the machine's. */
  readonly unitOf?: number;
  readonly container?: Container;
  /** Path of the program's file. */
  readonly executable?: string;
  /** Package that installed the file: `nginx-core`. */
  readonly package?: string;
  /** Windows services that run inside it. */
  readonly services?: readonly string[];
}
