/**
 * What pfSense and OPNsense let pass and drop unasked before any rule of a person, as far as it
 * reaches what is forwarded (pfSense 2.8: filter.inc, filter_rules_generate; OPNsense 26:
 * filter.lib.inc, filter_core_rules_system). Tables that only the running firewall knows are left
 * out: bogons, addresses locked out, and those that a package blocks.
 */
import type { Family } from '../net/address.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { opening } from './pf-states.ts';
import { under } from './pfsense-fields.ts';
import type { PfInterface } from './pfsense-interfaces.ts';
import type { Names } from './pfsense-sides.ts';
import type { XmlElement } from './xml-text.ts';

/** Senders that `blockpriv` blocks. */
const PRIVATE: Readonly<Record<Names['product'], Readonly<Record<Family, readonly string[]>>>> = {
  pfsense: { 4: ['10.0.0.0/8', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], 6: ['fc00::/7'] },
  opnsense: {
    4: [
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8'],
      ...['100.64.0.0/10', '169.254.0.0/16'],
    ],
    6: ['fd00::/8', 'fe80::/10', '::1/128'],
  },
};
const TRANSPORT = [
  { first: 6, last: 6 },
  { first: 17, last: 17 },
];
const ZERO = [{ first: 0, last: 0 }];

/** The rules in their order. Throws `LineFault` where a port is none. */
export function builtInRules(root: XmlElement, names: Names): FilterRule[] {
  const system = under(root, 'system');
  const { product, interfaces } = names;
  const isSense = product === 'pfsense';
  const has = (name: string) => under(system, name) !== undefined;
  const on = (name: string) => has(name) && under(system, name)?.text !== '0';
  const rules: FilterRule[] = [];
  const put = (action: Verdict, match: FilterMatch, line = 0): void => {
    rules.push({ action, match, line });
  };
  const disabled6 = under(root, 'OPNsense', 'Interfaces', 'settings', 'disableipv6');
  if (isSense ? !has('ipv6allow') : disabled6?.text === '1') put('drop', { family: 6 });
  if (isSense && !has('no_apipa_block')) {
    const local = [prefixRange('169.254.0.0/16', 4)];
    put('drop', { family: 4, source: local });
    put('drop', { family: 4, destination: local });
  }
  if (isSense || !on('no_ipv6_rfc4890_req')) {
    const types = isSense ? [1, 2, 135, 136] : [1, 2, 3, 4, 135, 136];
    put('accept', {
      ...{ states: ['new'], family: 6, protocols: [{ first: 58, last: 58 }] },
      icmp: types.map((type) => ({ type: { first: type, last: type } })),
    });
  }
  if (isSense || !on('no_port0_block')) {
    put('drop', { protocols: TRANSPORT, sourcePorts: ZERO });
    put('drop', { protocols: TRANSPORT, destinationPorts: ZERO });
  }
  const bridged = under(root, 'bridges')?.children.flatMap(
    (one) => under(one, 'members')?.text.split(',') ?? [],
  );
  for (const one of interfaces.all.filter(({ isEnabled }) => isEnabled)) {
    rules.push(...ofLeases(one, product));
    // pfSense leaves out members of bridges.
    const isLeftOut = isSense && bridged?.includes(one.name) === true;
    if (one.blocksPrivate === undefined || isLeftOut) continue;
    for (const family of [4, 6] as const) {
      const source = PRIVATE[product][family].map((text) => prefixRange(text, family));
      put('drop', { family, source, inInterfaces: [one.name] }, one.blocksPrivate);
    }
  }
  rules.push(...antiLockout(system, names));
  return rules;
}

/**
 * Leases for the firewall itself are let in whoever they are sent to; pfSense does not pass those of
 * IPv4 on.
 */
function ofLeases({ name, how }: PfInterface, product: Names['product']): FilterRule[] {
  const udp = (family: Family, from: number, to: number): FilterMatch => ({
    ...{ inInterfaces: [name], family, protocols: [{ first: 17, last: 17 }] },
    ...{ sourcePorts: [{ first: from, last: from }], destinationPorts: [{ first: to, last: to }] },
  });
  const isSense = product === 'pfsense';
  const rules: FilterRule[] = [];
  if (how[4] === 'dhcp') {
    rules.push({ action: isSense ? 'drop' : 'accept', match: udp(4, 67, 68), line: 0 });
  }
  if (isSense && (how[6] === 'dhcp6' || how[6] === 'slaac')) {
    rules.push({ action: 'accept', match: { ...udp(6, 547, 546), states: ['new'] }, line: 0 });
  }
  return rules;
}

/** The web interface and SSH stay open to the interface of the administrators, unless that is off. */
function antiLockout(system: XmlElement | undefined, { product, interfaces }: Names): FilterRule[] {
  const web = under(system, 'webgui');
  if (under(web, 'noantilockout') !== undefined) return [];
  const { all } = interfaces;
  const known = all.filter(({ name, isEnabled }) => isEnabled && /^(?:lan|wan|opt\d+)$/.test(name));
  const first = (name: string) => known.find((one) => one.name === name);
  const place =
    product === 'opnsense'
      ? (first('lan') ??
        known.filter(({ name }) => name !== 'wan').sort(byNumber)[0] ??
        first('wan'))
      : all.length > 1
        ? first('lan')
        : first('wan');
  if (place === undefined) return [];
  const isTls = under(web, 'protocol')?.text === 'https';
  const ssh = under(system, 'ssh');
  const hasSsh = [under(ssh, 'enable'), under(ssh, 'enabled'), under(system, 'enablesshd')];
  const ports = [
    under(web, 'port')?.text || (isTls ? '443' : '80'),
    ...(isTls && under(web, 'disablehttpredirect') === undefined ? ['80'] : []),
    ...(hasSsh.some((one) => one !== undefined && one.text !== '0')
      ? [under(ssh, 'port')?.text || '22']
      : []),
  ].map((text) => numberOf(text, 65_535));
  const where = product === 'opnsense' ? undefined : place.name;
  return ([4, 6] as const).flatMap((family) => {
    const own = interfaces.ownOf(where, family)?.own ?? [];
    if (own.length === 0) return [];
    const match: FilterMatch = {
      ...{ inInterfaces: [place.name], family, protocols: [{ first: 6, last: 6 }] },
      destination: own,
      destinationPorts: ports.map((port) => ({ first: port, last: port })),
    };
    return opening(match, false).map(
      (each): FilterRule => ({
        action: 'accept',
        match: each,
        line: 0,
        comment: 'anti-lockout rule',
      }),
    );
  });
}

function byNumber(left: PfInterface, right: PfInterface): number {
  return Number(left.name.slice(3)) - Number(right.name.slice(3));
}
