/**
 * Applications of an SRX's configuration, with their terms and sets (Junos OS CLI Reference:
 * application). A gateway that follows an application's connections opens further ones, which belong to it; what
 * asks for a program's number or identity holds only for what such a gateway has seen being arranged.
 */

import { ICMPV6 } from '../net/header-fields.ts';
import type { FilterMatch } from '../policy/filter.ts';
import { BY_PROGRAM, PREDEFINED, PREDEFINED_SETS } from './junos-srx-predefined.ts';
import { icmpCodes, icmpTypes, portsOf, protocolOf } from './junos-words.ts';
import { guarded, LineFault } from './line-fault.ts';
import { leavesOf } from './nested-groups.ts';
import type { ParseFault } from './platform.ts';

/** What one application asks of a packet. */
export type Asked = Pick<FilterMatch, 'protocols' | 'sourcePorts' | 'destinationPorts' | 'icmp'>;

/** What a policy's applications ask, and what decides beside that: gateways (`alg …`), programs. */
export interface Applications {
  readonly asked: readonly Asked[];
  readonly beside: readonly string[];
}

/** Settings that say how long a session lasts, or what it is called, decide nothing about its first packet. */
const HARMLESS = new Set(['description', 'inactivity-timeout']);
const GATEWAY = new Set(['alg', 'application-protocol']);
/** What a gateway learns of a program. */
const PROGRAM = ['rpc-program-number', 'uuid'];
/** What a packet's header does not show, or not here. */
const BEYOND = ['ether-type', 'snmp-command', 'ttl-threshold'];
const PACKET = new Set([
  ...['protocol', 'source-port', 'destination-port'],
  ...['icmp-type', 'icmp-code', 'icmp6-type', 'icmp6-code'],
]);
const GATEWAYS = new Set(
  `dns ftp ftp-data h323 http https ignore ike-esp-nat imap mgcp-ca mgcp-ua ms-rpc none pop3 pptp q931 ras
  realaudio rsh rtsp sccp sip smtp sqlnet-v2 ssh sun-rpc talk telnet tftp twamp`.split(/\s+/),
);

/** `security alg` calls some of them otherwise. */
const SWITCH_OF: Readonly<Record<string, string>> = {
  ...{ 'mgcp-ca': 'mgcp', 'mgcp-ua': 'mgcp', 'ms-rpc': 'msrpc', q931: 'h323', ras: 'h323' },
  ...{ realaudio: 'rtsp', 'sqlnet-v2': 'sql', 'sun-rpc': 'sunrpc' },
};

interface Term {
  readonly line: number;
  /** Values by their words. */
  readonly settings: Map<string, string>;
}

export class SrxApplications {
  private readonly single = new Map<string, Map<string, Term>>();
  private readonly sets = new Map<string, string[]>();

  /** A setting of an application. What is inherited gives way. Throws `LineFault`. */
  define(words: readonly string[], line: number, inherited: boolean): void {
    const [name = '', ...rest] = words;
    const hasTerm = rest[0] === 'term';
    const key = hasTerm ? (rest[1] ?? '') : '';
    const settings = hasTerm ? rest.slice(2) : rest;
    const terms = this.single.get(name) ?? new Map<string, Term>();
    const term = terms.get(key) ?? { line, settings: new Map() };
    if (settings.length === 0 || settings.length % 2 > 0) {
      throw new LineFault(`“${settings.at(-1) ?? name}” has no value.`);
    }
    for (let index = 0; index < settings.length; index += 2) {
      const word = settings[index]!;
      const value = settings[index + 1]!;
      check(word, value);
      if (term.settings.has(word) && inherited) continue;
      if (term.settings.get(word) === value) continue;
      if (term.settings.has(word)) throw new LineFault(`“${word}” is set twice.`);
      term.settings.set(word, value);
    }
    terms.set(key, term);
    this.single.set(name, terms);
  }

  /** A member of a set. Throws `LineFault`. */
  include([name = '', kind = '', member, ...more]: readonly string[]): void {
    if (kind === 'description' && member !== undefined) return;
    const known = kind === 'application' || kind === 'application-set';
    if (!known || member === undefined || more.length > 0) {
      throw new LineFault(`“${kind}” is not known here.`);
    }
    const members = this.sets.get(name) ?? [];
    members.push(member);
    this.sets.set(name, members);
  }

  /** Puts to `faults` what no packet can be asked for, in any application. */
  check(faults: ParseFault[]): void {
    for (const terms of this.single.values()) {
      for (const { line, settings } of terms.values()) {
        guarded(faults, line, () => void askedOf(settings));
      }
    }
  }

  /** Throws `LineFault`. */
  named(names: readonly string[]): Applications {
    const beside = new Set<string>();
    const leaves = leavesOf(names, (name) => this.membersOf(name));
    const asked = leaves.flatMap((name): readonly Asked[] => {
      if (name === 'any') return [{}];
      const terms = this.single.get(name);
      if (terms !== undefined) return this.ofTerms(name, terms, beside);
      const known = PREDEFINED.get(name);
      if (BY_PROGRAM.has(name)) {
        beside.add(`application ${name}`);
        return [];
      }
      if (known === undefined) throw new LineFault(`The application “${name}” is not known.`);
      if (known.gateway !== undefined) beside.add(`alg ${known.gateway}`);
      return known.asked;
    });
    // One port may be in several applications.
    const different = new Map(asked.map((one) => [JSON.stringify(one), one]));
    return { asked: [...different.values()], beside: [...beside] };
  }

  private ofTerms(name: string, terms: ReadonlyMap<string, Term>, beside: Set<string>): Asked[] {
    return [...terms].flatMap(([key, { settings }]) => {
      // What describes an application with terms is no term.
      const isRemark = [...settings.keys()].every((word) => HARMLESS.has(word));
      if (key === '' && terms.size > 1 && isRemark) return [];
      // A connection that a gateway saw being arranged; no first packet of others is one.
      const program = PROGRAM.find((key) => settings.has(key));
      if (program !== undefined) {
        beside.add(`application ${program}`);
        return [];
      }
      const beyond = BEYOND.find((key) => settings.has(key));
      if (beyond !== undefined) {
        throw new LineFault(
          `The application “${name}” asks for “${beyond}”, more than the packet.`,
        );
      }
      for (const key of GATEWAY) {
        const gateway = settings.get(key);
        if (gateway !== undefined && gateway !== 'ignore' && gateway !== 'none') {
          beside.add(`alg ${SWITCH_OF[gateway] ?? gateway}`);
        }
      }
      return [askedOf(settings)];
    });
  }

  private membersOf(name: string): readonly string[] | undefined {
    if (name === 'any' || this.single.has(name)) return undefined;
    return this.sets.get(name) ?? PREDEFINED_SETS.get(name);
  }
}

/** Whether the setting is one of an application, and its value one that can be. */
function check(word: string, value: string): void {
  if (GATEWAY.has(word) && !GATEWAYS.has(value))
    throw new LineFault(`“${value}” is not known here.`);
  const known =
    [PACKET, HARMLESS, GATEWAY].some((set) => set.has(word)) ||
    [...PROGRAM, ...BEYOND].includes(word);
  if (!known) throw new LineFault(`“${word}” is not read here.`);
}

/** What the settings of a term or application ask for. Throws `LineFault`. */
function askedOf(term: ReadonlyMap<string, string>): Asked {
  const word = term.get('protocol');
  const protocol = word === undefined ? undefined : protocolOf(word);
  const family = protocol === ICMPV6 ? 6 : 4;
  const [own, other] = family === 6 ? ['icmp6', 'icmp'] : ['icmp', 'icmp6'];
  const strange = [`${other}-type`, `${other}-code`].find((key) => term.has(key));
  if (strange !== undefined) throw new LineFault(`“${strange}” does not stand with this protocol.`);
  const from = term.get('source-port');
  const to = term.get('destination-port');
  const type = term.get(`${own}-type`);
  const code = term.get(`${own}-code`);
  if (code !== undefined && type === undefined) throw new LineFault('A code stands with a type.');
  const message =
    type === undefined
      ? undefined
      : {
          type: icmpTypes(type, family),
          ...(code === undefined ? {} : { code: icmpCodes(code, family) }),
        };
  return {
    ...(protocol === undefined ? {} : { protocols: [{ first: protocol, last: protocol }] }),
    ...(from === undefined ? {} : { sourcePorts: [portsOf(from)] }),
    ...(to === undefined ? {} : { destinationPorts: [portsOf(to)] }),
    ...(message === undefined ? {} : { icmp: [message] }),
  };
}
