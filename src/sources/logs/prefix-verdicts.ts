/**
 * Verdicts of formats that carry them only in a prefix the administrator chose: netfilter and
 * MikroTik. The program guesses none: a prefix means something when it was told, when it is one
 * that ufw, firewalld, Shorewall, VyOS, EdgeOS or UniFi writes, or when it says the verdict in a
 * word of its own (`FW-DROP`). Every prefix met is kept with what it was taken for and why.
 */
import type { NameTable } from '../../model/name-table.ts';
import { ACTIONS, type Action, ALLOW, DENY } from '../../model/verdict.ts';

/** A prefix of the user's: `FW-DROP=deny`. Blanks and colons at its ends do not count. */
export interface PrefixRule {
  readonly prefix: string;
  readonly action: Action;
}

/** Why a prefix is taken for a verdict. */
export type PrefixReason =
  | 'told'
  | 'ufw'
  | 'firewalld'
  | 'shorewall'
  | 'vyos'
  | 'word'
  | 'two-words'
  | 'no-word';

const DENY_WORDS = new Set(
  ['drop', 'dropped', 'deny', 'denied', 'reject', 'rejected', 'block', 'blocked'].concat([
    ...['discard', 'discarded', 'refuse', 'refused', 'drp', 'rej'],
  ]),
);
const ALLOW_WORDS = new Set([
  'accept',
  'accepted',
  'allow',
  'allowed',
  'permit',
  'permitted',
  'pass',
  'passed',
]);
/** `NOT-ALLOWED` allows nothing, and `NO-DROP` drops nothing. */
const NEGATIONS = new Set(['not', 'no', 'non', 'never', 'un']);

/** Prefixes are known by the number of their name. */
export class PrefixVerdicts {
  /** Why, by number of the prefix's name; undefined for names that are no prefixes. */
  readonly reasons: (PrefixReason | undefined)[] = [];
  private readonly told: ReadonlyMap<string, number>;
  private readonly names: NameTable;
  /** Verdict + 1 by number of the name; 0 = not looked at yet. */
  private known = new Uint8Array(256);

  constructor(names: NameTable, rules: readonly PrefixRule[] = []) {
    this.names = names;
    const codes = { unknown: 0, allow: ALLOW, deny: DENY };
    this.told = new Map(rules.map(({ prefix, action }) => [trimmed(prefix), codes[action]]));
  }

  /** The verdict of the prefix with this number: an index into `ACTIONS`. */
  of(number: number): number {
    const known = number < this.known.length ? this.known[number]! : 0;
    return known === 0 ? this.learn(number) : known - 1;
  }

  /** Every prefix met, with what it was taken for and why. */
  uses(): { readonly prefix: string; readonly action: Action; readonly because: PrefixReason }[] {
    return this.reasons.flatMap((because, number) =>
      because === undefined
        ? []
        : [
            {
              prefix: this.names.names[number]!,
              action: ACTIONS[this.known[number]! - 1]!,
              because,
            },
          ],
    );
  }

  /** Whether a prefix is taken for a verdict, or was told of. It does not count as met. */
  decides(prefix: string): boolean {
    const [action, reason] = this.judge(prefix);
    return action !== 0 || reason === 'told';
  }

  private learn(number: number): number {
    while (number >= this.known.length) {
      const larger = new Uint8Array(2 * this.known.length);
      larger.set(this.known);
      this.known = larger;
    }
    const [action, reason] = this.judge(this.names.names[number] ?? '');
    this.known[number] = action + 1;
    this.reasons[number] = reason;
    return action;
  }

  private judge(prefix: string): [action: number, reason: PrefixReason] {
    const told = this.told.get(trimmed(prefix));
    if (told !== undefined) return [told, 'told'];
    return ufw(prefix) ?? firewalld(prefix) ?? shorewall(prefix) ?? vyos(prefix) ?? word(prefix);
  }
}

function trimmed(prefix: string): string {
  return prefix.replace(/^[\s:]+|[\s:]+$/g, '');
}

/** `[UFW BLOCK]`, `[UFW LIMIT BLOCK]`, `[UFW ALLOW]`; audit lines decide nothing. */
function ufw(prefix: string): [number, PrefixReason] | undefined {
  const [, what] = /^\[UFW ([A-Z ]+)\]\s*$/.exec(prefix) ?? [];
  if (what === undefined) return undefined;
  if (what.startsWith('AUDIT')) return [0, 'ufw'];
  if (/\bBLOCK$/.test(what)) return [DENY, 'ufw'];
  return what === 'ALLOW' ? [ALLOW, 'ufw'] : undefined;
}

/** firewalld's LogDenied: `FINAL_REJECT`, `STATE_INVALID_DROP`, `filter_IN_public_REJECT`. */
function firewalld(prefix: string): [number, PrefixReason] | undefined {
  // Some releases of it hand the quotes of its rules on.
  const name = prefix.replace(/^["\s:]+|["\s:]+$/g, '');
  const known = /^(?:FINAL|STATE_INVALID|filter_(?:IN|FWD|FWDI|FWDO|OUT)_.+)_(REJECT|DROP)$/;
  return known.test(name) ? [DENY, 'firewalld'] : undefined;
}

/** Shorewall's `Shorewall:net2fw:DROP:`. */
function shorewall(prefix: string): [number, PrefixReason] | undefined {
  const [, verdict] = /^Shorewall6?:[^:]*:([A-Z]+)(?:\([^)]*\))?:?\s*$/.exec(prefix) ?? [];
  if (verdict === undefined) return undefined;
  const [action] = word(verdict);
  return action === 0 ? undefined : [action, 'shorewall'];
}

/**
 * A letter says it in the names of rules: VyOS and EdgeOS `[WAN_LOCAL-default-D]`,
 * `[ipv4-FWD-filter-20-A]`, UniFi `[WAN_IN-A-2000] DESCR="…"`. What the description says is no
 * verdict.
 */
function vyos(prefix: string): [number, PrefixReason] | undefined {
  const [, last, middle] =
    /^\[[^\]\s]+-(?:(?:\d+|default)-([ADR])|([ADR])-\d+)\](?:\s|$)/.exec(prefix) ?? [];
  const letter = last ?? middle;
  return letter === undefined ? undefined : [letter === 'A' ? ALLOW : DENY, 'vyos'];
}

/** A whole word of the prefix that names a verdict; two that contradict each other name none. */
function word(prefix: string): [number, PrefixReason] {
  const words = prefix
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
  const denies = words.some((each) => DENY_WORDS.has(each));
  const allows = words.some((each) => ALLOW_WORDS.has(each));
  if ((denies && allows) || words.some((each) => NEGATIONS.has(each))) return [0, 'two-words'];
  if (denies) return [DENY, 'word'];
  return allows ? [ALLOW, 'word'] : [0, 'no-word'];
}
