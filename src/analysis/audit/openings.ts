/**
 * Who opened connections to whom, for packets that were let through within one: a packet to a host
 * that asked the sender is an answer to it, and no traffic to a port of its own. Rows know only the
 * port that a packet went to; so the pair of hosts, and which of them opened something, decides.
 */
import { EndpointTable } from '../../flow/endpoint-table.ts';
import { DENY } from '../../model/verdict.ts';
import { K_ACTION, K_SHAPE, LAST_SYSTEM_PORT, SHAPE_ANY, SHAPE_WITHIN } from './verdict-kind.ts';
import { NO_HOST, R_KIND, type VerdictRows } from './verdict-rows.ts';

const TCP = 6;
const UDP = 17;
/** Ports from which UDP answers: DNS, NTP, QUIC. */
const ANSWERING = [53, 123, 443];

/** Of the rows as they are when it is made. Keeps only pairs of hosts that such packets ask for. */
export class Openings {
  /** Client and server, by numbers of hosts. */
  private readonly pairs: EndpointTable;
  /** Number of the pair, and protocol and port that were opened. */
  private readonly opened: EndpointTable;
  /** By pair: 1 where anything was opened by TCP. */
  private readonly byTcp: Uint8Array;
  private readonly table: VerdictRows;

  constructor(table: VerdictRows, seed: number) {
    this.table = table;
    this.pairs = new EndpointTable(seed);
    this.opened = new EndpointTable(seed);
    const { count, clients, servers } = table;
    for (let entry = 0; entry < count; entry++) {
      if (shapeAt(table, entry) !== SHAPE_WITHIN || clients[entry] === NO_HOST) continue;
      this.pairs.intern(clients[entry]!, servers[entry]!, 0);
      this.pairs.intern(servers[entry]!, clients[entry]!, 0);
    }
    this.byTcp = new Uint8Array(this.pairs.count);
    for (let entry = 0; entry < count; entry++) {
      if (shapeAt(table, entry) === SHAPE_ANY) this.note(entry);
    }
  }

  /** Whether the packets of a row of shape `SHAPE_WITHIN` go back to who opened a connection. */
  isAnswer(entry: number): boolean {
    const { table, pairs } = this;
    const back = pairs.find(table.servers[entry]!, table.clients[entry]!, 0);
    if (back < 0) return false;
    const kind = table.word(entry, R_KIND);
    if (((kind >>> 16) & 255) === UDP) {
      return ANSWERING.some((port) => this.opened.find(back, (UDP << 16) | port, 0) >= 0);
    }
    if (this.byTcp[back] === 0 || (kind & 0xffff) <= LAST_SYSTEM_PORT) return false;
    return !this.isOpened(entry);
  }

  /** Whether the rows have what opened the connection that the row's packets belong to. */
  isOpened(entry: number): boolean {
    const { table, pairs } = this;
    const pair = pairs.find(table.clients[entry]!, table.servers[entry]!, 0);
    return pair >= 0 && this.opened.find(pair, keyOf(table.word(entry, R_KIND)), 0) >= 0;
  }

  /** Notes what was let through, or may have been. */
  private note(entry: number): void {
    const { table } = this;
    const kind = table.word(entry, R_KIND);
    if (((kind >>> K_ACTION) & 3) === DENY) return;
    const pair = this.pairs.find(table.clients[entry]!, table.servers[entry]!, 0);
    if (pair < 0) return;
    this.opened.intern(pair, keyOf(kind), 0);
    if (((kind >>> 16) & 255) === TCP) this.byTcp[pair] = 1;
  }
}

function shapeAt(table: VerdictRows, entry: number): number {
  return (table.word(entry, R_KIND) >>> K_SHAPE) & 3;
}

/** Protocol and port. */
function keyOf(kind: number): number {
  return kind & 0xff_ffff;
}
