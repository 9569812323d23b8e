/**
 * What the scheduler asks of a way to send probes, and what it hears back. Engines know sockets
 * and packets; which port is asked when, and what silence means, is decided in `scheduler.ts`.
 */
import type { HostScan } from './host-scan.ts';

/** Probes to send, as columns; owned by the scheduler, borrowed for one call of `send`. */
export interface ProbeBatch {
  readonly hosts: (HostScan | undefined)[];
  readonly cells: Int32Array;
  /** Try number of each, from 0. */
  readonly attempts: Uint8Array;
  /** How many there are. */
  length: number;
}

export const BATCH_SIZE = 512;

export interface AnswerSink {
  /**
   * A host answered a probe.
   * @param attempt try number it answers, -1 when that cannot be told
   * @param outcome code of `OUTCOMES`
   * @param atUs when it arrived, on the scan's clock
   * @param ttl of the answer, 0 when not known
   */
  answer(
    host: HostScan,
    cell: number,
    attempt: number,
    outcome: number,
    atUs: number,
    ttl: number,
  ): void;
}

export interface ProbeEngine {
  /** `syn`, `connect`, `udp`, `sctp`. */
  readonly name: string;
  /** Outcome of a port that stays silent. */
  readonly silent: number;
  /**
   * While an answer is reported: whether the host itself sent it, not a router or filter on the
   * way. Where it is missing, nobody can tell.
   */
  readonly byHost?: boolean;
  /** How many more probes this machine has room for now; without it: any number. */
  room?(): number;
  /** Hears of a host before its first probe. */
  admit?(host: HostScan): void;
  /** The host is finished; answers to it may be forgotten. */
  dismiss?(host: HostScan): void;
  /**
   * Sends probes from the start of the batch. Returns how many went out or were answered at once;
   * fewer than asked when this machine has no room (descriptors, buffers, ports) for the moment.
   */
  send(batch: ProbeBatch, sink: AnswerSink): number;
  /** Reports what has arrived; waits up to `waitMs` when nothing has. */
  receive(waitMs: number, sink: AnswerSink): void | Promise<void>;
  /** Answers for which this machine had no room, in all. */
  readonly unheard?: number;
  /** The same since this was asked last. */
  takeDrops?(): number;
  /** The try was given up: what it holds may be let go. */
  giveUp?(host: HostScan, cell: number): void;
  close(): void;
}

/** A clock in microseconds from an origin of its own. Never goes back. */
export type Clock = () => number;

/** Microseconds, always forward, from no particular moment. */
export function systemClock(): number {
  return performance.now() * 1000;
}
