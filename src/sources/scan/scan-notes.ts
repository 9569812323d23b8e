/** Puts into a scan's notes how far it has come, and takes a host up from those of an earlier run. */

import { isOpen } from '../../model/port-state.ts';
import { CellQueue } from './cell-queue.ts';
import type { HostScan } from './host-scan.ts';
import { NOT_MINE } from './host-scan.ts';
import { type Journal, type JournalWriter, journalKey } from './journal.ts';
import type { ScannedTransport } from './ports.ts';

/** Notes of one transport's ports; without a writer nothing is noted. */
export class ScanNotes {
  private readonly journal: Journal | undefined;
  private readonly writer: JournalWriter | undefined;
  private readonly transport: ScannedTransport;
  private readonly ports: Uint16Array;

  constructor(
    { journal, writer }: { readonly journal?: Journal; readonly writer?: JournalWriter },
    transport: ScannedTransport,
    ports: Uint16Array,
  ) {
    this.journal = journal;
    this.writer = writer;
    this.transport = transport;
    this.ports = ports;
  }

  /** Sets what the earlier run learned of a host. Returns how many of its ports are open. */
  takeUp(host: HostScan): number {
    const { ports } = this;
    if (this.writer !== undefined) host.askedAgain = new CellQueue();
    const key = journalKey(host.number, this.transport);
    const known = this.journal?.outcomes.get(key);
    let open = 0;
    for (let cell = 0; known !== undefined && cell < ports.length; cell++) {
      const code = known.get(ports[cell]!);
      if (code === undefined) continue;
      host.restore(cell, code);
      if (isOpen(code)) open++;
    }
    const halfway = this.journal?.halfway.get(key);
    if (halfway === undefined) return open;
    const cells = new Map(Array.from(ports, (port, cell) => [port, cell]));
    const tries = [...halfway.tries].flatMap(([port, count]): [number, number][] => {
      const cell = cells.get(port);
      return cell === undefined ? [] : [[cell, count]];
    });
    host.restoreTries(halfway.position, halfway.lost, tries);
    return open;
  }

  /** A port has its outcome. */
  outcome(host: HostScan, cell: number, code: number): void {
    this.writer?.outcome(host.number, this.transport, this.ports[cell]!, code);
  }

  /** How far the scan has come with each host; to be called often. */
  progress(hosts: readonly HostScan[]): void {
    const { writer, transport, ports } = this;
    if (writer === undefined) return;
    for (const host of hosts) {
      const { number, askedAgain: again } = host;
      while (again !== undefined && again.length > 0) {
        const cell = again.shift();
        writer.tried(number, transport, ports[cell]!, host.triesThatTell(cell));
      }
      writer.came(number, transport, host.come, host.tally.lost);
    }
    writer.tick();
  }

  /** The host is through: what stayed silent has its outcome only now. */
  finish(host: HostScan): void {
    if (this.writer === undefined) return;
    const known = this.journal?.outcomes.get(journalKey(host.number, this.transport));
    for (let cell = 0; cell < this.ports.length; cell++) {
      const code = host.outcomes[cell]!;
      const silent = code !== 0 && code !== NOT_MINE && host.roundTripMs(cell) === undefined;
      if (silent && !known?.has(this.ports[cell]!)) this.outcome(host, cell, code);
    }
  }
}
