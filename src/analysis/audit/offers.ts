/**
 * Services as an administrator thinks of them: a port of one server inside, or a port of everything
 * outside, since each of many servers there is nobody's own. Only what was not denied counts.
 */
import { Column, EndpointTable } from '../../flow/endpoint-table.ts';
import { OUTSIDE } from '../zones.ts';
import { serviceKey } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import { F_FIRST, F_LAST, R_INPUT, R_LINE, type VerdictRows } from './verdict-rows.ts';

/** In `kind`, beside the way: family, and whether a line said that it was let through. */
const FAMILY_SHIFT = 4;
const INITIAL = 256;

/** Services are numbered from 0, in the order of their first rows. */
export class Offers {
  private readonly keys: EndpointTable;
  private readonly users: EndpointTable;
  private readonly events = new Column();
  private readonly clients = new Column(new Int32Array(INITIAL));
  private readonly first = new Column();
  private readonly last = new Column();
  private readonly inputs = new Column(new Int32Array(INITIAL));
  private readonly lines = new Column(new Int32Array(INITIAL));
  private readonly zones = new Column(new Uint8Array(INITIAL));
  /** The key of the row at hand. */
  private address = 0;
  private service = 0;
  private kind = 0;

  constructor(seed: number) {
    this.keys = new EndpointTable(seed);
    this.users = new EndpointTable(seed);
  }

  get count(): number {
    return this.keys.count;
  }

  /** Counts a row for the service that it used; returns the service's number. */
  add(block: RowBlock, index: number, table: VerdictRows): number {
    const known = this.count;
    this.aim(block, index);
    const offer = this.keys.intern(this.address, this.service, this.kind);
    const entry = block.entry[index]!;
    if (offer === known) {
      this.inputs.set(offer, table.word(entry, R_INPUT));
      this.lines.set(offer, table.word(entry, R_LINE));
      this.zones.set(offer, block.serverZone[index]!);
      this.first.set(offer, Number.POSITIVE_INFINITY);
      this.last.set(offer, Number.NEGATIVE_INFINITY);
    }
    this.events.add(offer, block.events[index]!);
    const users = this.users.count;
    this.users.intern(block.clientWord[index]!, offer, block.family[index]!);
    this.clients.add(offer, this.users.count - users);
    const [first, last] = [table.float(entry, F_FIRST), table.float(entry, F_LAST)];
    if (first < this.first.get(offer)) this.first.set(offer, first);
    if (last > this.last.get(offer)) this.last.set(offer, last);
    return offer;
  }

  /** The service that a row used; -1 when it is not here. */
  find(block: RowBlock, index: number): number {
    this.aim(block, index);
    return this.keys.find(this.address, this.service, this.kind);
  }

  /** Works out the key of a row's service. */
  private aim(block: RowBlock, index: number): void {
    const inside = block.serverZone[index] !== OUTSIDE;
    const family = inside ? block.family[index]! : 0;
    this.address = inside ? block.serverWord[index]! : 0;
    this.service = serviceKey(block.protocol[index]!, block.port[index]!);
    this.kind = (family << FAMILY_SHIFT) | block.way[index]!;
  }

  /** Whether the row's client used that service. */
  hasUser(block: RowBlock, index: number, offer: number): boolean {
    return this.users.find(block.clientWord[index]!, offer, block.family[index]!) >= 0;
  }

  /** What is known of a service. `server` means something unless the family is 0. */
  at(offer: number) {
    const kind = this.keys.kind(offer);
    return {
      server: this.keys.address(offer),
      family: kind >>> FAMILY_SHIFT,
      way: kind & 3,
      service: this.keys.port(offer),
      zone: this.zones.get(offer),
      events: this.events.get(offer),
      clients: this.clients.get(offer),
      firstMs: this.first.get(offer),
      lastMs: this.last.get(offer),
      /** Where it was seen first, as of a row. */
      input: this.inputs.get(offer),
      line: this.lines.get(offer),
    };
  }
}
