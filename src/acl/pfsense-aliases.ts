/**
 * Aliases of a config.xml: addresses and ports under a name, with other aliases among them (Netgate
 * documentation, Aliases; OPNsense: OPNsense/Firewall/Alias.xml). Aliases whose members are fetched
 * or found out at run time are faults where a rule uses them.
 */
import { type Family, parseAddress } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import type { NumberRange } from '../net/header-match.ts';
import { LineFault } from './line-fault.ts';
import { between, prefixRange } from './list-line.ts';
import { leavesOf } from './nested-groups.ts';
import { Fields, fieldsOf, isSet, listOf, namesIn } from './pfsense-fields.ts';
import { portRange } from './session-chain.ts';
import type { XmlElement } from './xml-text.ts';

const STATIC = namesIn('host network port networkgroup');
/** Members that only the running firewall knows. */
const DYNAMIC = namesIn(`
  url url_ports urltable urltable_ports urljson geoip mac asn dynipv6host authgroup internal external
`);
/** Fields about the alias, or about how a dynamic one is fetched. */
const BESIDE = namesIn(`
  descr description detail updatefreq url aliasurl proto interface counters categories expire
  path_expression username password authtype current_items last_updated created updated
`);
/** Names of ports that OPNsense takes (PortField.php). */
const PORT_NAMES: ReadonlyMap<string, number> = new Map(
  `ftp 21 ssh 22 telnet 23 smtp 25 domain 53 tftp 69 http 80 pop3 110 auth 113 nntp 119 ntp 123
  netbios-ns 137 netbios-dgm 138 netbios-ssn 139 imap 143 snmp 161 snmptrap 162 ldap 389 https 443
  microsoft-ds 445 urd 465 submissions 465 igmpv3lite 465 isakmp 500 submission 587 ldaps 636
  domain-s 853 imaps 993 pop3s 995 openvpn 1194 wins 1512 l2f 1701 pptp 1723 ms-streaming 1755
  radius 1812 radius-acct 1813 hbci 3000 ms-wbt-server 3389 nat-stun-port 3478 teredo 3544
  ipsec-nat-t 4500 avt-profile-1 5004 sip 5060 sip-tls 5061 aol 5190 rfb 5900 cvsup 5999
  afs3-fileserver 7000 ipsec-msft 10000`
    .split(/\s+(?=\S+ \d)/)
    .map((pair): [string, number] => [pair.split(' ')[0]!, Number(pair.split(' ')[1])]),
);

interface Alias {
  readonly members: readonly string[];
  readonly isPorts: boolean;
  /** Why its members are not known. */
  readonly dynamic?: string;
}

export class PfAliases {
  private readonly aliases = new Map<string, Alias>();

  /** Throws `LineFault`. */
  add(element: XmlElement): void {
    const fields = new Fields(fieldsOf(element, ['uuid']));
    const name = fields.take('name') ?? '';
    const kind = fields.take('type') ?? '';
    // OPNsense has the members in an element of its own, and old texts in the other's.
    const text = `${fields.take('address') ?? ''}\n${fields.take('content') ?? ''}`;
    const isOff = !isSet(fields.take('enabled') ?? '1');
    const unread = [...fields.left.keys()].find((one) => !BESIDE.has(one));
    if (unread !== undefined || element.name !== 'alias') {
      throw new LineFault(`“${unread ?? element.name}” is not read in an alias.`);
    }
    if (!/^\w{1,63}$/.test(name)) throw new LineFault(`“${name}” is not a name.`);
    if (this.aliases.has(name)) throw new LineFault(`The alias “${name}” stands twice.`);
    if (!STATIC.has(kind) && !DYNAMIC.has(kind)) {
      throw new LineFault(`Aliases of the type “${kind}” are not read.`);
    }
    const members = listOf(text);
    const dynamic = DYNAMIC.has(kind)
      ? `is of the type “${kind}”, whose members the text does not tell`
      : isOff
        ? 'is turned off'
        : members.length === 0
          ? 'is empty'
          : undefined;
    const isPorts = kind === 'port';
    this.aliases.set(name, { members, isPorts, ...(dynamic === undefined ? {} : { dynamic }) });
  }

  has(name: string): boolean {
    return this.aliases.has(name);
  }

  /**
   * The addresses of the family that the word stands for; an address of the other family belongs to
   * no packet of this one. Throws `LineFault`.
   * @param networkNamed the network of an interface, which may be a member too; undefined = none
   */
  addresses(
    word: string,
    family: Family,
    networkNamed: (name: string) => readonly AddressRange[] | undefined = () => undefined,
  ): AddressRange[] {
    return this.leaves(word, false).flatMap((member) => {
      const [, network] = /^__(\w+)_network$/.exec(member) ?? [];
      const own = network === undefined ? undefined : networkNamed(network);
      if (own !== undefined) return own;
      if (/^[0-9a-f.:]+-[0-9a-f.:]+$/i.test(member)) {
        const range = between(member);
        return range.family === family ? [range] : [];
      }
      if (
        parseAddress(member.split('/')[0]!) === undefined ||
        !/^[^/]+(?:\/\d{1,3})?$/.test(member)
      ) {
        throw new LineFault(`“${member}” is not an address, and no alias of the text.`);
      }
      const memberFamily: Family = member.includes(':') ? 6 : 4;
      const range = prefixRange(member, memberFamily);
      return memberFamily === family ? [range] : [];
    });
  }

  /** Throws `LineFault`. */
  ports(word: string): NumberRange[] {
    return this.leaves(word, true).map((member) => {
      const known = PORT_NAMES.get(member);
      if (known !== undefined) return { first: known, last: known };
      const text = member.replace(':', '-').replace(/^any-/, '1-').replace(/-any$/, '-65535');
      if (!/^\d+(?:-\d+)?$/.test(text)) throw new LineFault(`“${member}” is not a port.`);
      return portRange(text);
    });
  }

  private leaves(word: string, wantsPorts: boolean): string[] {
    return leavesOf([word], (name) => {
      const alias = this.aliases.get(name);
      if (alias === undefined) return undefined;
      if (alias.dynamic !== undefined) throw new LineFault(`The alias “${name}” ${alias.dynamic}.`);
      if (alias.isPorts !== wantsPorts) {
        throw new LineFault(`The alias “${name}” holds ${alias.isPorts ? 'ports' : 'addresses'}.`);
      }
      return alias.members;
    });
  }
}
