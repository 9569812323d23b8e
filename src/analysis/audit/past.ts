/**
 * What was there before: services with their users, hosts, rules and refusals of an earlier log, or
 * of the same log before a moment. Addresses and names have the same numbers as later.
 */
import { EndpointTable } from '../../flow/endpoint-table.ts';
import { DENY } from '../../model/verdict.ts';
import type { Stretch } from './answer.ts';
import { ContextPlaces } from './context-places.ts';
import { Offers } from './offers.ts';
import type { Places } from './places.ts';
import { serviceKey } from './port-shown.ts';
import { BLOCK, RowBlock } from './row-block.ts';
import { RowIndex } from './row-index.ts';
import { StretchTotals } from './stretch.ts';
import { SHAPE_ANSWER } from './verdict-kind.ts';
import { F_FIRST, type VerdictRows } from './verdict-rows.ts';

/** What of a table was there before. */
export interface PastChoices {
  readonly wanted: (block: RowBlock, index: number) => boolean;
  /** Only rows that began before this, ms since 1970; undefined = all. */
  readonly untilMs: number | undefined;
  readonly names: readonly string[];
  readonly seed: number;
}

/**
 * All rows that are wanted and began in time; of those without a time nothing is known. The table is
 * not needed afterwards.
 */
export function pastOf(table: VerdictRows, places: Places, choices: PastChoices): Past {
  const { wanted, untilMs, names, seed } = choices;
  const past = new Past(seed);
  const stretch = new StretchTotals(table);
  const contexts = new ContextPlaces(table.contexts, places);
  const index = new RowIndex(table, places, seed);
  const block = new RowBlock(table, places, contexts, index);
  for (let first = 0; block.load(first); first += BLOCK) {
    for (let row = 0; row < block.count; row++) {
      if (untilMs !== undefined && !(table.float(block.entry[row]!, F_FIRST) < untilMs)) continue;
      if (!wanted(block, row)) continue;
      stretch.add(block, row);
      past.add(block, row, table);
    }
  }
  past.stretch = stretch.answer(names);
  return past;
}

const NOTHING: Stretch = {
  ...{ events: 0, passed: 0, denied: 0, firstMs: null, lastMs: null },
  ...{ formats: [], devices: [], collapsed: 0 },
};

/** A device that is not named, or any. */
const ANY_DEVICE = 0;

export class Past {
  readonly offers: Offers;
  /** Of all rows, once they were added. */
  stretch: Stretch = NOTHING;
  private readonly hosts: EndpointTable;
  private readonly rules: EndpointTable;
  private readonly ports: EndpointTable;
  private readonly pairs: EndpointTable;
  private readonly conversations: EndpointTable;

  constructor(seed: number) {
    this.offers = new Offers(seed);
    this.hosts = new EndpointTable(seed);
    this.rules = new EndpointTable(seed);
    this.ports = new EndpointTable(seed);
    this.pairs = new EndpointTable(seed);
    this.conversations = new EndpointTable(seed);
  }

  add(block: RowBlock, index: number, table: VerdictRows): void {
    const { hosts, rules, pairs, ports } = this;
    const denied = block.action[index] === DENY;
    const family = block.family[index]!;
    const [client, server] = [block.clientWord[index]!, block.serverWord[index]!];
    const context = block.contextAt(block.context[index]!);
    if (family !== 0) {
      hosts.intern(client, 0, family);
      hosts.intern(server, 0, family);
    }
    rules.intern(context.rule, context.device, block.action[index]!);
    rules.intern(context.rule, ANY_DEVICE, block.action[index]!);
    if (!denied && block.shape[index] === SHAPE_ANSWER) return;
    const service = serviceKey(block.protocol[index]!, block.port[index]!);
    this.conversations.intern(pairs.intern(client, server, family), service, denied ? 1 : 0);
    if (denied) return;
    ports.intern(0, service, block.way[index]!);
    this.offers.add(block, index, table);
  }

  hasHost(address: number, family: number): boolean {
    return this.hosts.find(address, 0, family) >= 0;
  }

  /** Whether the row's rule decided so before, on the same device where both are known. */
  hasRule(block: RowBlock, index: number): boolean {
    const { rule, device } = block.contextAt(block.context[index]!);
    const action = block.action[index]!;
    if (this.rules.find(rule, device, action) >= 0) return true;
    // A log that names no device may be of any.
    return this.stretch.devices.length === 0 && this.rules.find(rule, ANY_DEVICE, action) >= 0;
  }

  /** Whether anybody used that port in the row's direction. */
  hasPort(block: RowBlock, index: number): boolean {
    const service = serviceKey(block.protocol[index]!, block.port[index]!);
    return this.ports.find(0, service, block.way[index]!) >= 0;
  }

  /** Whether the row's client was refused that service of that server, or not refused. */
  hasConversation(block: RowBlock, index: number, denied: boolean): boolean {
    const pair = this.pairs.find(
      block.clientWord[index]!,
      block.serverWord[index]!,
      block.family[index]!,
    );
    if (pair < 0) return false;
    const service = serviceKey(block.protocol[index]!, block.port[index]!);
    return this.conversations.find(pair, service, denied ? 1 : 0) >= 0;
  }
}
