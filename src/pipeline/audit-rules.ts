/** Lays what a log shows against the rules of a firewall: which of them it used, and which not. */
import type { RowVisit } from '../analysis/audit/finish.ts';
import { INWARD, OUTWARD } from '../analysis/audit/places.ts';
import type { RowBlock } from '../analysis/audit/row-block.ts';
import { FAMILY_4, FAMILY_6, SHAPE_ANY } from '../analysis/audit/verdict-kind.ts';
import { F_FIRST, F_LAST, type VerdictRows } from '../analysis/audit/verdict-rows.ts';
import type { BlindSpot } from '../model/blind-spot.ts';
import { ACTIONS, DIRECTIONS } from '../model/verdict.ts';
import type { Address } from '../net/address.ts';
import type { AddressPool } from '../net/address-pool.ts';
import type { Filter, Hook } from '../policy/filter.ts';
import { RuleHits } from '../policy/rule-hits.ts';
import { type LineUse, RuleUsage, type Usage } from '../policy/rule-usage.ts';
import { PLATFORMS, type Platform } from './policy.ts';

export type { LineUse, Usage };

/** A text of rules that was understood as a whole. */
export interface RuleText {
  /** The file. */
  readonly name: string;
  readonly platform: Platform;
  readonly filter: Filter;
  readonly lines: readonly string[];
}

/** How the rules were used. */
export interface RuleAudit extends Usage {
  readonly name: string;
  readonly platform: string;
  /** The text's lines, from 0. */
  readonly text: readonly string[];
}

const NO_PROTOCOL = 255;

/** The platforms that understand a text as rules, without a fault and with any rule at all. */
export function platformsOf(text: string): Platform[] {
  return PLATFORMS.filter(({ parse }) => {
    const { filter, faults } = parse(text);
    return faults.length === 0 && ruleCount(filter) > 0;
  });
}

/** The platform that finds the most rules in a text for what it does not understand of it. */
export function nearestPlatform(text: string): Platform | undefined {
  const [first] = PLATFORMS.map((platform) => {
    const { filter, faults } = platform.parse(text);
    return { platform, score: ruleCount(filter) / (1 + faults.length) };
  }).sort((left, right) => right.score - left.score);
  return first !== undefined && first.score > 0 ? first.platform : undefined;
}

function ruleCount({ chains }: Filter): number {
  return chains.reduce((sum, { rules }) => sum + rules.filter(({ line }) => line > 0).length, 0);
}

/** Holds the rules as maps, so that one may lay many readings against them, one after the other. */
export class RuleAuditor {
  private readonly rules: RuleText;
  private readonly hits: RuleHits;
  private readonly hooks: ReadonlySet<Hook>;

  constructor(rules: RuleText) {
    this.rules = rules;
    this.hits = new RuleHits(rules.filter);
    this.hooks = new Set(rules.filter.chains.flatMap(({ hook }) => hook ?? []));
  }

  /** Takes rows of the table until `answer` is called. */
  begin(table: VerdictRows, addresses: AddressPool, names: readonly string[]): RuleReading {
    const usage = new RuleUsage(this.rules.filter, this.hits);
    const visit: RowVisit = (block, index, locator) => {
      const events = block.events[index]!;
      const family = block.family[index];
      const protocol = block.protocol[index]!;
      if ((family !== FAMILY_4 && family !== FAMILY_6) || protocol === NO_PROTOCOL) {
        usage.pass(events);
        return;
      }
      // What opens nothing is decided by the state of connections, which no log shows.
      if (block.shape[index] !== SHAPE_ANY) return;
      const entry = block.entry[index]!;
      const context = block.contextAt(block.context[index]!);
      const isIcmp = protocol === 1 || protocol === 58;
      const port = block.port[index]!;
      const named = (...numbers: readonly number[]): readonly string[] | undefined => {
        const texts = numbers.flatMap((number) => names[number] || []);
        return texts.length === 0 ? undefined : texts;
      };
      usage.add({
        client: addressOf(addresses, family, block.clientWord[index]!),
        server: addressOf(addresses, family, block.serverWord[index]!),
        ...{ protocol, port: isIcmp ? port >>> 8 : port, code: isIcmp ? port & 255 : 0 },
        verdict: ACTIONS[block.action[index]!]!,
        hooks: this.hooksOf(block, index, DIRECTIONS[context.direction]!),
        inNames: named(context.inInterface, context.inZone),
        outNames: named(context.outInterface, context.outZone),
        rule: names[context.rule] || null,
        events,
        firstMs: table.float(entry, F_FIRST),
        lastMs: table.float(entry, F_LAST),
        locator: locator(),
      });
    };
    const { name, platform, lines } = this.rules;
    return {
      visit,
      answer: () => ({ ...usage.usage(), name, platform: platform.name, text: lines }),
    };
  }

  /** Where a row was filtered: as the device declares it, else by the way it went; or several. */
  private hooksOf(block: RowBlock, index: number, declared: string): Hook[] {
    const { hooks } = this;
    const told: Hook | undefined =
      declared === 'forward'
        ? 'forward'
        : declared === 'inbound'
          ? 'input'
          : declared === 'outbound'
            ? 'output'
            : undefined;
    if (told !== undefined && hooks.has(told)) return [told];
    if (hooks.has('forward')) return ['forward'];
    const way = block.way[index];
    if (way === INWARD && hooks.has('input')) return ['input'];
    if (way === OUTWARD && hooks.has('output')) return ['output'];
    return (['input', 'output'] as const).filter((hook) => hooks.has(hook));
  }
}

export interface RuleReading {
  readonly visit: RowVisit;
  readonly answer: () => RuleAudit;
}

function addressOf(pool: AddressPool, family: number, word: number): Address {
  if (family === FAMILY_4) return { family: 4, words: [word >>> 0] };
  const words = [0, 1, 2, 3].map((index) => pool.words[4 * word + index]! >>> 0);
  return { family: 6, words };
}

/** A log whose verdicts contradict the rules this often was made by other rules. */
const OFTEN = 0.05;

/** What the comparison of log and rules cannot tell. */
export function ruleNotes(audit: RuleAudit, span: (ms: number) => string): BlindSpot[] {
  return [...loggingNotes(audit), ...contradictionNotes(audit), ...seldomNotes(audit, span)];
}

/** What the device does not write down. */
function loggingNotes({ allowed, lines, name }: RuleAudit): BlindSpot[] {
  const notes: BlindSpot[] = [];
  if (allowed === 0) {
    notes.push({
      id: 'allows-unlogged',
      what: `which of the rules in ${name} that allow are used`,
      because: 'the log tells of nothing that was let through: allowed traffic is not logged',
      remedy: 'log what is allowed, for as long as the work takes that is done seldom',
      missing: true,
    });
  }
  const unlogged = lines.filter(({ status }) => status === 'unlogged').length;
  if (unlogged > 0 && allowed > 0) {
    notes.push({
      id: 'rules-unlogged',
      what: `whether ${unlogged} of the lines of ${name} are used`,
      because: 'they do not log, and no other rule logs what they match',
      remedy: 'let them log, or look at the counters of the device',
      missing: true,
    });
  }
  if (lines.every(({ logged }) => logged === null)) {
    notes.push({
      id: 'logging-unsaid',
      what: `which of the lines of ${name} log at all`,
      because: 'the text has no word of logging: one that logs nothing seems unused',
      missing: false,
    });
  }
  return notes;
}

/** Where log and rules do not meet. */
function contradictionNotes(audit: RuleAudit): BlindSpot[] {
  const { events, otherwise, otherwiseSample, vague, unplaced, name } = audit;
  const notes: BlindSpot[] = [];
  if (otherwiseSample !== null) {
    const { line, locator } = otherwiseSample;
    const place = line > 0 ? `line ${line}` : 'what no line decides';
    notes.push({
      id: 'rules-contradicted',
      what: `by which rule ${otherwise} of ${events} events were decided`,
      because: `the log has another verdict than ${name}, first at ${locator} (${place}): the rules were others then, or what they look at besides (translated addresses, users, applications) is not in the log`,
      remedy: 'give the rules of the device and time that the log is of',
      missing: otherwise > OFTEN * events,
    });
  }
  if (vague > 0) {
    notes.push({
      id: 'place-unknown',
      what: `where ${vague} events were filtered`,
      because:
        'the log does not name the interface or hook that rules ask for; what may have matched is “possible”',
      missing: false,
    });
  }
  if (unplaced > 0) {
    notes.push({
      id: 'rules-unplaced',
      what: `which rules ${unplaced} events are about`,
      because: 'the log has no addresses or no protocol for them',
      missing: false,
    });
  }
  return notes;
}

/** What no log is long enough for. */
function seldomNotes(
  { lines, firstMs, lastMs }: RuleAudit,
  span: (ms: number) => string,
): BlindSpot[] {
  const isAnyIdle = lines.some(
    ({ status, unusedServices }) => status === 'unused' || unusedServices.length > 0,
  );
  if (!isAnyIdle) return [];
  const isCounted = lines.some(({ status, counted }) => status === 'unused' && counted === 0);
  const length =
    firstMs !== null && lastMs !== null
      ? `the log covers ${span(lastMs - firstMs)}; unused is what nothing used in that time`
      : 'the log does not say which time it covers';
  return [
    {
      id: 'seldom-used',
      what: 'what is done more seldom than the log is long',
      because: `${length}${isCounted ? ', nor since the device’s counters were cleared' : ''}`,
      remedy: 'some work is done once a month or once a year: ask before removing a rule',
      missing: false,
    },
  ];
}
