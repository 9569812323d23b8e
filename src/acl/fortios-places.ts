/**
 * Interfaces and zones of a FortiOS configuration (FortiOS 7.4 Administration Guide: Zone, SD-WAN zones).
 * A zone counts with the names of its interfaces, so that a packet is known by either.
 */
import type { FilterRule } from '../policy/filter.ts';
import type { Entry } from './fortios-text.ts';
import { LineFault } from './line-fault.ts';
import { settingWords } from './other-settings.ts';

const HARMLESS = settingWords('description tagging uuid color');

/** The SD-WAN zone of members that name none. */
const DEFAULT_ZONE = 'virtual-wan-link';

interface Place {
  readonly interfaces: string[];
  readonly line: number;
  /** Whether its interfaces reach each other without a policy. */
  readonly isOpen: boolean;
}

export class FortiPlaces {
  private readonly zones = new Map<string, Place>();

  /** Reads an entry of `system zone`. Throws `LineFault`. */
  zone(entry: Entry): void {
    const interfaces = [...(entry.take('interface') ?? [])];
    const isOpen = entry.oneOf('intrazone', 'deny', 'allow') === 'allow';
    entry.end(HARMLESS);
    if (this.zones.has(entry.name)) throw new LineFault(`“${entry.name}” is defined twice.`);
    this.zones.set(entry.name, { interfaces, line: entry.line, isOpen });
  }

  /** Reads `system sdwan`, or `system virtual-wan-link` of older releases. */
  sdwan(root: Entry): void {
    for (const { name, line } of root.inner.get('zone')?.entries ?? []) this.open(name, line);
    for (const member of root.inner.get('members')?.entries ?? []) {
      const zone = this.open(member.one('zone') ?? DEFAULT_ZONE, member.line);
      const name = member.one('interface');
      if (name !== undefined) zone.interfaces.push(name);
    }
  }

  private open(name: string, line: number): Place {
    const place = this.zones.get(name) ?? { interfaces: [], line, isOpen: false };
    this.zones.set(name, place);
    return place;
  }

  /** All names of the places; undefined: any. Throws `LineFault`. */
  named(words: readonly string[]): readonly string[] | undefined {
    if (words.includes('any')) {
      if (words.length > 1) throw new LineFault('“any” stands alone.');
      return undefined;
    }
    const all = words.flatMap((word) => [word, ...(this.zones.get(word)?.interfaces ?? [])]);
    return [...new Set(all)];
  }

  /** The interface, and the zones it is in. */
  around(name: string): readonly string[] {
    const zones = [...this.zones].filter(([, { interfaces }]) => interfaces.includes(name));
    return [name, ...zones.map(([zone]) => zone), ...(this.zones.get(name)?.interfaces ?? [])];
  }

  /**
   * What passes within a zone where no policy decides: asked after all of them.
   * @param least interfaces of such a zone: with a single one nothing was let through before 7.4.4
   */
  withinZones(least: 1 | 2): FilterRule[] {
    return [...this.zones].flatMap(([zone, { interfaces, isOpen, line }]): FilterRule[] => {
      if (!isOpen || interfaces.length < least) return [];
      const names = [zone, ...interfaces];
      const match = { states: ['new'] as const, inInterfaces: names, outInterfaces: names };
      return [{ action: 'accept', match, line, comment: `intrazone of ${zone}` }];
    });
  }
}
