/**
 * Asks by connections of the runtime's own sockets, where system calls through FFI cannot be had.
 * Slower, and fewer at once; the meaning of errors is the same as in `connect-engine.ts`.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CLOSED_REFUSED,
  FILTERED_ADMIN_PROHIBITED,
  FILTERED_HOST_UNREACH,
  FILTERED_NET_UNREACH,
  FILTERED_PROTO_UNREACH,
  FILTERED_SILENT,
  OPEN_SYN_ACK,
} from '../../model/port-state.ts';
import { formatAddress } from '../../net/address.ts';
import type { AnswerSink, Clock, ProbeBatch, ProbeEngine } from './engine.ts';
import type { HostScan } from './host-scan.ts';

const MOST_SOCKETS = 1000;
const KERNEL_RETRY_US = 950_000;
/** After a lack of descriptors or local ports, so many at once at most. */
const LEAST_SOCKETS = 8;

const OUTCOME_OF: Readonly<Record<string, number>> = {
  ECONNREFUSED: CLOSED_REFUSED,
  ECONNRESET: OPEN_SYN_ACK,
  EHOSTUNREACH: FILTERED_HOST_UNREACH,
  EHOSTDOWN: FILTERED_HOST_UNREACH,
  ENETUNREACH: FILTERED_NET_UNREACH,
  EINVAL: FILTERED_NET_UNREACH,
  ENOPROTOOPT: FILTERED_PROTO_UNREACH,
  EACCES: FILTERED_ADMIN_PROHIBITED,
  EPERM: FILTERED_ADMIN_PROHIBITED,
};

/** Needs nothing but the runtime, on any system. */
export class NodeConnectEngine implements ProbeEngine {
  readonly name = 'node';
  readonly silent = FILTERED_SILENT;
  private readonly ports: Uint16Array;
  private readonly clock: Clock;
  private readonly sockets = new Map<HostScan, Map<number, Socket>>();
  private open = 0;
  private most = MOST_SOCKETS;
  private readonly arrived: (() => void)[] = [];

  constructor(ports: Uint16Array, clock: Clock) {
    this.ports = ports;
    this.clock = clock;
  }

  room(): number {
    return Math.max(0, this.most - this.open);
  }

  admit(host: HostScan): void {
    host.trustedUs = KERNEL_RETRY_US;
    this.sockets.set(host, new Map());
  }

  dismiss(host: HostScan): void {
    for (const socket of this.sockets.get(host)?.values() ?? []) socket.destroy();
    this.sockets.delete(host);
  }

  send(batch: ProbeBatch, sink: AnswerSink): number {
    for (let index = 0; index < batch.length; index++) {
      this.begin(batch.hosts[index]!, batch.cells[index]!, batch.attempts[index]!, sink);
    }
    return batch.length;
  }

  private begin(host: HostScan, cell: number, attempt: number, sink: AnswerSink): void {
    const port = this.ports[cell]!;
    const address = formatAddress(host.address);
    const socket = createConnection({ host: address, port, autoSelectFamily: false });
    const held = this.sockets.get(host);
    held?.set(cell, socket);
    this.open++;
    socket.once('close', () => {
      this.open--;
      if (held?.get(cell) === socket) held.delete(cell);
    });
    const answer = (outcome: number): void => {
      const atUs = this.clock();
      this.arrived.push(() => sink.answer(host, cell, attempt, outcome, atUs, 0));
    };
    socket.once('connect', () => {
      // A port of this machine may have connected to itself: nobody listens there.
      const echo = socket.localPort === port && socket.localAddress === socket.remoteAddress;
      if (!echo) answer(OPEN_SYN_ACK);
      socket.resetAndDestroy();
    });
    // What the system says before anything can have been heard is this machine's own word.
    let atOnce = true;
    process.nextTick(() =>
      process.nextTick(() => {
        atOnce = false;
      }),
    );
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const outcome = OUTCOME_OF[error.code ?? ''];
      // There was a way when it answered: its loss says nothing of the port.
      if (atOnce && host.tally.answered > 0 && outcome === FILTERED_NET_UNREACH) return;
      if (outcome !== undefined) answer(outcome);
      // Descriptors, local ports, buffers: fewer at once; the try runs out and is made again.
      else this.most = Math.max(LEAST_SOCKETS, this.open >> 1);
    });
  }

  async receive(waitMs: number, _sink: AnswerSink): Promise<void> {
    await sleep(this.arrived.length > 0 ? 0 : Math.min(waitMs, 5));
    for (const report of this.arrived.splice(0)) report();
  }

  giveUp(host: HostScan, cell: number): void {
    this.sockets.get(host)?.get(cell)?.destroy();
  }

  close(): void {
    for (const host of [...this.sockets.keys()]) this.dismiss(host);
  }
}
