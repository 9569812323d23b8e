/**
 * From what people write to what is scanned: reads targets from arguments, files and standard
 * input, resolves names to all their addresses, and works out how much there is to ask.
 */
import { randomInt } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { formatAddress, parseAddress } from '../../net/address.ts';
import { decodeText } from '../sockets/foreign/decode-text.ts';
import { readWhole } from '../whole-file.ts';
import { neighbours6, ownNetworks4 } from './own-networks.ts';
import type { Shard } from './permutation.ts';
import { type PortChoice, parsePortChoice, portText, type ScannedTransport } from './ports.ts';
import { parseExclusion, parseTarget, type Span, splitTargets, TargetSet } from './targets.ts';
import { TIMINGS, type Timing, timingNamed } from './timing.ts';

export interface PlanWords {
  /** Targets; `-` is standard input. */
  readonly targets: readonly string[];
  readonly targetFiles: readonly string[];
  readonly exclude: readonly string[];
  readonly excludeFiles: readonly string[];
  /** This machine's own networks. */
  readonly local: boolean;
  /** Send nothing to find out who is on them. */
  readonly quiet?: boolean;
  /** None: `top:1000` of TCP, `top:100` of others. */
  readonly ports: string | undefined;
  readonly transports: readonly ScannedTransport[];
  readonly timing: string | undefined;
  /** Probes a second at most; and probes a second, whatever the network seems to take. */
  readonly maxRate: number | undefined;
  readonly rate: number | undefined;
  readonly seed: number | undefined;
  readonly shard: string | undefined;
}

export interface ScanPlan {
  readonly targets: TargetSet;
  /** Whether this machine's own networks are among them: who was found there changes. */
  readonly local: boolean;
  readonly ports: PortChoice;
  readonly timing: Timing;
  readonly seed: number;
  readonly shard: Shard | undefined;
  /** Names that were given, by address. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** Names without an address. */
  readonly unresolved: readonly string[];
}

/** What was asked for cannot be scanned. `message` is one sentence. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

/** Throws `PlanError`, `TargetError`, `PortRangeError`, and errors of reading files. */
export async function planScan(words: PlanWords): Promise<ScanPlan> {
  const names = new Map<string, string[]>();
  const unresolved: string[] = [];
  const given = [
    ...words.targets.flatMap((text) => (text === '-' ? wordsOf('-') : splitTargets(text))),
    ...words.targetFiles.flatMap(wordsOf),
  ];
  const included = await spansOf(given, parseTarget, names, unresolved);
  for (const span of included) checkLink(span);
  if (words.local) included.push(...(await ownNetworks(words.quiet ?? false)));
  if (given.length === 0 && !words.local) throw new PlanError('no target was named');
  const excluded = await exclusions(words);
  const targets = new TargetSet(included, excluded);
  if (targets.size === 0 && unresolved.length === 0) {
    throw new PlanError('nothing is left to scan after the exclusions');
  }
  return {
    targets,
    local: words.local,
    ports: portsOf(words),
    timing: timingOf(words),
    seed: words.seed ?? randomInt(2 ** 31),
    shard: words.shard === undefined ? undefined : parseShard(words.shard),
    names,
    unresolved,
  };
}

async function ownNetworks(quiet: boolean): Promise<Span[]> {
  const spans = [...ownNetworks4(), ...(await neighbours6(!quiet))];
  if (spans.length === 0) throw new PlanError('this machine is on no network that is known');
  return spans;
}

/** A name to be left out that cannot be found would be asked after all: that is an error. */
async function exclusions({ exclude, excludeFiles }: PlanWords): Promise<Span[]> {
  const lost: string[] = [];
  const holes = [...exclude.flatMap(splitTargets), ...excludeFiles.flatMap(wordsOf)];
  const excluded = await spansOf(holes, parseExclusion, new Map(), lost);
  if (lost.length > 0) {
    throw new PlanError(`${lost.join(', ')} shall be left out, but no address is known for it`);
  }
  return excluded;
}

function portsOf({ ports, transports }: PlanWords): PortChoice {
  if (ports !== undefined) return parsePortChoice(ports, transports);
  const parts = transports.map((transport): [ScannedTransport, Uint16Array] => {
    const top = transport === 'tcp' ? 'top:1000' : 'top:100';
    return [transport, parsePortChoice(top, [transport]).get(transport)!];
  });
  return new Map(parts);
}

function timingOf({ timing, maxRate, rate }: PlanWords): Timing {
  const band = timing === undefined ? TIMINGS[3]! : timingNamed(timing);
  if (band === undefined) {
    const names = TIMINGS.map(({ name }, index) => `${index} ${name}`).join(', ');
    throw new PlanError(`there is no timing "${timing}": ${names}`);
  }
  if (rate !== undefined) {
    // What may be unanswered then is what is sent during the longest wait.
    const window = Math.max(16, Math.ceil((rate * band.firstTimeoutMs) / 1000));

    return {
      ...band,
      startWindow: window,
      mostWindow: window,
      silentWindow: window,
      totalWindow: 4 * window,
      ratePerSecond: Math.min(rate, maxRate ?? rate),
    };
  }
  if (maxRate === undefined) return band;
  return { ...band, ratePerSecond: Math.min(band.ratePerSecond, maxRate) };
}

/** Reads `2/8`: the second of eight parts. Throws `PlanError`. */
export function parseShard(text: string): Shard {
  const [, number, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { number: Number(number), of: Number(of) };
  if (number === undefined || shard.number < 1 || shard.number > shard.of) {
    throw new PlanError(`"${text}" is no part of a scan; write 2/8 for the second of eight`);
  }
  return shard;
}

/** Words of a file: blanks, commas and line ends part them, `#` begins a remark. `-` is standard input. */
function wordsOf(file: string): string[] {
  const lines = decodeText(readWhole(file).octets).split(/[\r\n]+/);
  return lines.flatMap((line) => splitTargets(line.replace(/#.*/, '')));
}

/** Name servers that block give names addresses of nobody, such as 0.0.0.0. */
function canBeAsked(address: string): boolean {
  try {
    for (const span of parseTarget(address)!) checkLink(span);
    return true;
  } catch {
    return false;
  }
}

/** Link-local IPv6 addresses are on every link (RFC 4007): one must be named, and be there. */
function checkLink({ family, first, zone }: Span): void {
  if (zone !== undefined && !hasInterface(zone)) {
    throw new PlanError(`this machine has no interface ${zone}`);
  }
  if (family === 6 && zone === undefined && first >> 118n === 0x3fan) {
    throw new PlanError(
      'link-local addresses are on every link: say on which one, as in fe80::1%eth0',
    );
  }
}

function hasInterface(zone: string): boolean {
  // By number, or without an address: not in the runtime's list.
  if (/^\d+$/.test(zone) || Object.hasOwn(networkInterfaces(), zone)) return true;
  return /^(?!\.+$)[\w.:@-]+$/.test(zone) && existsSync(`/sys/class/net/${zone}`);
}

/** Names are resolved by the system, as other programs do it. */
async function spansOf(
  texts: readonly string[],
  parse: (text: string) => Span[] | undefined,
  names: Map<string, string[]>,
  unresolved: string[],
): Promise<Span[]> {
  const spans: Span[] = [];
  for (const text of texts) {
    const span = parse(text);
    if (span !== undefined) {
      spans.push(...span);
      continue;
    }
    const addresses = await lookup(text, { all: true }).catch(() => []);
    const usable = addresses.filter(({ address }) => canBeAsked(address));
    if (usable.length === 0) unresolved.push(text);
    for (const { address } of usable) {
      spans.push(...parseTarget(address)!);
      const canonical = formatAddress(parseAddress(address)!);
      const known = names.get(canonical) ?? [];
      if (!known.includes(text)) names.set(canonical, [...known, text]);
    }
  }
  return spans;
}

/** What a scan will take. */
export interface Estimate {
  readonly addresses: number;
  /** Ports of each transport, as text. */
  readonly ports: readonly {
    readonly transport: ScannedTransport;
    readonly count: number;
    readonly ports: string;
  }[];
  /** Ports of addresses altogether, in this shard. */
  readonly questions: number;
  /** Probes with the repetitions that silent ports take, if every address had a host. */
  readonly mostProbes: number;
  /** From the time when every port answers to that when all are silent, seconds. */
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
}

/** Probes a silent port gets while nothing is lost. */
const SILENT_TRIES = 3;
/** What this program sends and hears on one core, when nothing else limits it. */
const OWN_RATE = 50_000;
/** Linux answers so many UDP ports a second that are closed (icmp_ratelimit). */
const CLOSED_UDP_RATE = 1;

/** Worked out from counts and limits alone; nothing is sent. */
export function estimate({ targets, ports, timing, shard }: ScanPlan): Estimate {
  const lists = [...ports].map(([transport, list]) => ({
    transport,
    count: list.length,
    ports: portText(list),
  }));
  const perHost = lists.reduce((sum, { count }) => sum + count, 0);
  const questions = Math.ceil((targets.size * perHost) / (shard?.of ?? 1));
  const rate = Math.min(timing.ratePerSecond, OWN_RATE);
  const hosts = Math.max(1, targets.size);
  const silentRate = Math.min(rate, (hosts * timing.silentWindow * 1000) / timing.firstTimeoutMs);
  const mostProbes = questions * SILENT_TRIES;
  const udp = lists.find(({ transport }) => transport === 'udp')?.count ?? 0;
  return {
    addresses: targets.size,
    ports: lists,
    questions,
    mostProbes,
    shortestSeconds: questions / rate,
    longestSeconds: Math.max(mostProbes / silentRate, udp / CLOSED_UDP_RATE),
  };
}
