/** What each rule decided, what passed each pair of interfaces, and what each host met. */
import { ACTIONS, ALLOW, DENY } from '../../model/verdict.ts';
import { TALLY_FLOATS, TALLY_WORDS, TallyTable } from '../tally-table.ts';
import type { HostVerdicts, PathVerdicts, RuleVerdicts } from './answer.ts';
import type { Context } from './contexts.ts';
import { MEANS } from './noise.ts';
import { serviceKey, serviceText } from './port-shown.ts';
import type { RowBlock } from './row-block.ts';
import { addTo, finite, mostOf, newSpan, type Span, widen } from './sums.ts';
import { K_FAMILY, type VerdictTable } from './verdict-table.ts';

const MOST_HOSTS = 200_000;
/** Columns of the host table. */
const HOST_FLOATS = 4;

interface RuleSum extends Span {
  readonly context: Context;
  readonly action: number;
  events: number;
  readonly services: Map<number, number>;
}

export class RuleTotals {
  private readonly sums = new Map<string, RuleSum>();
  /** The same by number of the context and action. */
  private readonly byContext: (RuleSum | undefined)[] = [];
  private readonly table: VerdictTable;

  constructor(table: VerdictTable) {
    this.table = table;
  }

  add(block: RowBlock, index: number): void {
    const action = block.action[index]!;
    const place = ACTIONS.length * block.context[index]! + action;
    this.byContext[place] ??= this.sumOf(block.contextAt(block.context[index]!), action);
    const sum = this.byContext[place];
    const events = block.events[index]!;
    sum.events += events;
    addTo(sum.services, serviceKey(block.protocol[index]!, block.port[index]!), events);
    widen(sum, this.table, block.first + index);
  }

  private sumOf(context: Context, action: number): RuleSum {
    const key = `${context.rule} ${context.device} ${action}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = { context, action, events: 0, services: new Map(), ...newSpan() };
      this.sums.set(key, sum);
    }
    return sum;
  }

  rows(names: readonly string[]): RuleVerdicts[] {
    const sums = [...this.sums.values()].sort((left, right) => right.events - left.events);
    return sums.map(({ context, action, events, firstMs, lastMs, services }) => ({
      rule: names[context.rule] || null,
      device: names[context.device] || null,
      action: ACTIONS[action]!,
      events,
      firstMs: finite(firstMs),
      lastMs: finite(lastMs),
      services: services.size,
      topService: serviceText(mostOf(services)),
    }));
  }
}

type PathSum = { -readonly [Key in keyof PathVerdicts]: PathVerdicts[Key] };

export class PathTotals {
  private readonly sums = new Map<string, PathSum>();
  private readonly byContext: (PathSum | undefined)[] = [];
  private readonly names: readonly string[];

  constructor(names: readonly string[]) {
    this.names = names;
  }

  add(block: RowBlock, index: number): void {
    const context = block.context[index]!;
    this.byContext[context] ??= this.sumOf(block.contextAt(context));
    const sum = this.byContext[context];
    const events = block.events[index]!;
    const action = block.action[index];
    if (action === ALLOW) sum.allowed += events;
    else if (action === DENY) sum.denied += events;
    else sum.unknown += events;
    if (block.noise[index] !== MEANS) sum.noise += events;
  }

  private sumOf(context: Context): PathSum {
    const from = context.inInterface || context.inZone;
    const to = context.outInterface || context.outZone;
    const key = `${from} ${to}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      const [fromName, toName] = [this.names[from] || null, this.names[to] || null];
      sum = { from: fromName, to: toName, allowed: 0, denied: 0, noise: 0, unknown: 0 };
      this.sums.set(key, sum);
    }
    return sum;
  }

  rows(): PathVerdicts[] {
    return [...this.sums.values()].sort(
      (left, right) => right.denied + right.allowed - left.denied - left.allowed,
    );
  }
}

export class HostTotals {
  private readonly hosts: TallyTable;
  private touched = 0;

  constructor(seed: number) {
    this.hosts = new TallyTable(MOST_HOSTS, seed);
  }

  /** Counts the rows that are wanted, have a verdict and are no noise. */
  add(block: RowBlock, wanted: Uint8Array): void {
    const { hosts } = this;
    const { count, client, server, family, clientZone, serverZone } = block;
    for (let index = 0; index < count; index++) {
      if (!isCounted(block, index, wanted)) continue;
      this.touched ^= hosts.touch(client[index]!, family[index]!, clientZone[index]!);
      this.touched ^= hosts.touch(server[index]!, family[index]!, serverZone[index]!);
    }
    for (let index = 0; index < count; index++) {
      if (!isCounted(block, index, wanted)) continue;
      const events = block.events[index]!;
      const allowed = block.action[index] === ALLOW;
      const first = hosts.intern(client[index]!, family[index]!, clientZone[index]!);
      hosts.floats[floatsOf(first) + (allowed ? 0 : 1)]! += events;
      const second = hosts.intern(server[index]!, family[index]!, serverZone[index]!);
      hosts.floats[floatsOf(second) + (allowed ? 2 : 3)]! += events;
    }
  }

  get count(): number {
    return this.hosts.count + this.hosts.pruned;
  }

  rows(
    top: number,
    addressText: (kind: number, word: number) => string,
    zones: readonly string[],
  ): HostVerdicts[] {
    const { words, floats } = this.hosts;
    return this.hosts.heaviest(top).map((entry) => {
      const at = floatsOf(entry);
      const [word, family, zone] = words.subarray(TALLY_WORDS * entry, TALLY_WORDS * entry + 3);
      const [allowedAsClient, deniedAsClient, allowedAsServer, deniedAsServer] = floats.subarray(
        at,
        at + HOST_FLOATS,
      );
      return {
        address: addressText(family! << K_FAMILY, word!),
        zone: zones[zone!] ?? '',
        allowedAsClient: allowedAsClient!,
        deniedAsClient: deniedAsClient!,
        allowedAsServer: allowedAsServer!,
        deniedAsServer: deniedAsServer!,
      };
    });
  }
}

function isCounted(block: RowBlock, index: number, wanted: Uint8Array): boolean {
  return (
    wanted[index] === 1 &&
    block.noise[index] === MEANS &&
    block.action[index] !== 0 &&
    block.family[index] !== 0
  );
}

function floatsOf(entry: number): number {
  return (TALLY_WORDS / 2) * entry + TALLY_FLOATS;
}
