/**
 * Filters as commands use them: names of ports and hosts looked up, and frames of a source passed
 * on only where they match.
 */
import { lookup } from 'node:dns/promises';
import { networkInterfaces } from 'node:os';
import type { BlindSpot } from '../model/blind-spot.ts';
import { parseAddress } from '../net/address.ts';
import { readWholeText } from '../sources/whole-file.ts';
import type { NamedHost } from '../wire/filter/addresses.ts';
import type { Expression, Primitive } from '../wire/filter/expression.ts';
import { FilterFault } from '../wire/filter/fault.ts';
import { Filter } from '../wire/filter/filter.ts';
import { parseFilter } from '../wire/filter/parser.ts';
import type { FramePredicate } from '../wire/filter/predicate.ts';
import type { FrameBatch, FrameSource } from '../wire/frame-batch.ts';

export { Filter };

/** The text of a filter in a file; `#` begins a remark. Throws `UnreadableFile`. */
export function readFilterFile(path: string): string {
  return readWholeText(path).replace(/#.*/g, ' ').trim();
}

/** No netmask is known, as for files: what `ip broadcast` means then is what tcpdump takes it for. */
const NO_NETMASK = 0;

/**
 * The netmask of the network that interfaces are in, for `ip broadcast`; 0 where none is known.
 * Undefined where they are in several.
 */
export function netmaskOf(names: readonly string[]): number | undefined {
  const all = networkInterfaces();
  const masks = names.map((name) => {
    const text = all[name]?.find(({ family }) => family === 'IPv4')?.netmask;
    return (text === undefined ? undefined : parseAddress(text)?.words[0]) ?? NO_NETMASK;
  });
  const [first = NO_NETMASK] = masks;
  return masks.every((each) => each === first) ? first : undefined;
}

/** Whether some primitive of a filter is of a kind. */
export function asksFor(
  expression: Expression | undefined,
  wanted: (primitive: Primitive) => boolean,
): boolean {
  if (expression === undefined) return false;
  switch (expression.kind) {
    case 'and':
    case 'or':
      return asksFor(expression.left, wanted) || asksFor(expression.right, wanted);
    case 'not':
      return asksFor(expression.of, wanted);
    default:
      return wanted(expression);
  }
}

/**
 * Reads a filter and looks up the names in it: ports in the system's services and the catalogue,
 * hosts by the system's resolver. Rejects with `FilterFault`.
 * @param netmask of the network captured on; 0 for files, see `netmaskOf`
 */
export async function prepareFilter(text: string, netmask: number | undefined): Promise<Filter> {
  const read = parseFilter(text);
  const broadcast = asksFor(
    read.expression,
    (each) => each.kind === 'broadcast' && each.protocol === 'ip',
  );
  const note = '“ip broadcast” is 255.255.255.255 and 0.0.0.0 here: no netmask is known';
  const notes = broadcast && netmask === NO_NETMASK ? [...read.notes, note] : read.notes;
  const parsed = { ...read, notes };
  const hosts = new Map<string, NamedHost>();
  for (const name of parsed.hostNames) hosts.set(name, await addressesOf(name));
  const port = await portFinder();
  return new Filter(parsed, { hosts, port, ...(netmask === undefined ? {} : { netmask }) });
}

async function addressesOf(name: string): Promise<NamedHost> {
  const found = await lookup(name, { all: true, verbatim: true }).catch(() => []);
  const addresses = found.flatMap(({ address }) => parseAddress(address) ?? []);
  return {
    ipv4: addresses.filter(({ family }) => family === 4).map(({ words }) => words[0]!),
    ipv6: addresses.filter(({ family }) => family === 6).map(({ words }) => words),
  };
}

const TRANSPORTS = ['tcp', 'udp', 'sctp'] as const;

type PortFinder = (name: string, transport: (typeof TRANSPORTS)[number]) => number | undefined;

/**
 * The system's names first, as for tcpdump; then those of the IANA registry. A name that the system
 * has for TCP alone means TCP alone.
 */
async function portFinder(): Promise<PortFinder> {
  const [{ readServicesFile }, { servicePorts }] = await Promise.all([
    import('../sources/names/services-file.ts'),
    import('../catalog/services.ts'),
  ]);
  let system: ReadonlyMap<string, number> | undefined;
  return (name, transport) => {
    system ??= readServicesFile();
    const known = TRANSPORTS.some((each) => system!.has(`${name}/${each}`));
    if (known) return system.get(`${name}/${transport}`);
    return servicePorts(name).find((each) => each.transport === transport)?.port;
  };
}

/** A source of which only frames that match are passed on. */
export class FilteredSource implements FrameSource {
  /** Frames that did not match. */
  passedOver = 0;
  private readonly source: FrameSource;
  private readonly filter: Filter;
  private readonly predicates: (FramePredicate | undefined)[] = [];
  /** Why the filter says nothing about frames of some link types. */
  private readonly faults = new Map<number, FilterFault>();

  constructor(source: FrameSource, filter: Filter) {
    this.source = source;
    this.filter = filter;
  }

  get interfaces(): FrameSource['interfaces'] {
    return this.source.interfaces;
  }

  /** Rejects with `FilterFault` when the first frame's link type makes the filter meaningless. */
  async next(): Promise<FrameBatch | undefined> {
    const batch = await this.source.next();
    if (batch !== undefined) this.keep(batch);
    return batch;
  }

  close(): Promise<void> {
    return this.source.close();
  }

  /** Link types that the filter could not be applied to: no frame of them matched. */
  get notes(): BlindSpot[] {
    return [...this.faults].map(([linkType, fault]) => ({
      id: 'unfiltered-link-type',
      what: `frames of link type ${linkType} were all left out`,
      because: `the filter cannot be applied to them: ${fault.message}`,
      missing: true,
    }));
  }

  private keep(batch: FrameBatch): void {
    let kept = 0;
    for (let index = 0; index < batch.count; index++) {
      const which = batch.interface[index]!;
      const predicate = which in this.predicates ? this.predicates[which] : this.prepare(which);
      if (predicate === undefined || !predicate.test(batch, index)) continue;
      if (kept !== index) batch.move(kept, index);
      kept++;
    }
    this.passedOver += batch.count - kept;
    batch.count = kept;
  }

  private prepare(which: number): FramePredicate | undefined {
    const { linkType } = this.interfaces[which]!;
    try {
      this.predicates[which] = this.filter.forLinkType(linkType);
    } catch (error) {
      if (!(error instanceof FilterFault) || !this.predicates.some(Boolean)) throw error;
      this.faults.set(linkType, error);
      this.predicates[which] = undefined;
    }
    return this.predicates[which];
  }
}
