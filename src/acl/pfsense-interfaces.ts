/**
 * Interfaces of a config.xml with the addresses the text tells, their groups and virtual addresses:
 * what `lan`, `lanip` and `(self)` stand for in a rule (pfSense: filter.inc,
 * filter_generate_optcfg_array and filter_generate_address; OPNsense: InterfaceNetworkAliases.php).
 * An address given at run time (DHCP, PPPoE, a delegated prefix) is not known.
 */
import { type Family, parseAddress } from '../net/address.ts';
import { type AddressRange, rangeOfAddress, rangeOfPrefix } from '../net/address-range.ts';
import { addressBits, prefixOf } from '../net/prefix.ts';
import { LineFault } from './line-fault.ts';
import { numberOf, prefixRange } from './list-line.ts';
import { listOf, type Product } from './pfsense-fields.ts';
import { INTERFACE_FIELDS } from './pfsense-settings.ts';
import type { XmlElement } from './xml-text.ts';

/** Addresses of one interface in one family. */
interface Addresses {
  readonly own: readonly AddressRange[];
  readonly networks: readonly AddressRange[];
  /** Some are given at run time. */
  readonly isDynamic: boolean;
}

export interface PfInterface {
  readonly name: string;
  readonly line: number;
  /** The device, as in `em0`. */
  readonly device: string;
  readonly isEnabled: boolean;
  /** Line of the setting that blocks private senders; undefined where it is off. */
  readonly blocksPrivate?: number;
  readonly blocksBogons?: number;
  /** How the address is given: `dhcp`, `pppoe`, an address, or empty. */
  readonly how: Readonly<Record<Family, string>>;
  readonly addresses: Readonly<Record<Family, Addresses>>;
}

interface Group {
  readonly members: readonly string[];
  /** Which group's rules are asked first. */
  readonly order: number;
}

interface Virtual {
  /** Its interface. */
  readonly of: string;
  /** The id of the virtual address it stands on instead. */
  readonly on: string | undefined;
  readonly id: string;
  /** The address, where it is the firewall's own. */
  readonly range: AddressRange | undefined;
  readonly network: AddressRange;
}

/** Places the system makes for tunnels. */
const SYSTEM_GROUPS = new Set(['enc0', 'openvpn', 'l2tp', 'pppoe', 'wireguard', 'WireGuard']);
const NOWHERE: Addresses = { own: [], networks: [], isDynamic: false };

export class PfInterfaces {
  private readonly product: Product;
  private readonly interfaces = new Map<string, PfInterface>();
  private readonly groups = new Map<string, Group>();
  private readonly virtual: Virtual[] = [];

  constructor(product: Product) {
    this.product = product;
  }

  get all(): readonly PfInterface[] {
    return [...this.interfaces.values()];
  }

  get isKnown(): boolean {
    return this.interfaces.size > 0;
  }

  /** One interface. Throws `LineFault`. */
  add(element: XmlElement): void {
    const texts = new Map<string, string>();
    for (const { name, text } of element.children) {
      if (!INTERFACE_FIELDS.test(name))
        throw new LineFault(`“${name}” is not known of an interface.`);
      texts.set(name, text);
    }
    if (this.interfaces.has(element.name)) {
      throw new LineFault(`The interface “${element.name}” stands twice.`);
    }
    const lineOf = (name: string): number | undefined =>
      element.children.find((child) => child.name === name && child.text !== '0')?.line;
    const how = { 4: texts.get('ipaddr') ?? '', 6: texts.get('ipaddrv6') ?? '' };
    const [blocksPrivate, blocksBogons] = [lineOf('blockpriv'), lineOf('blockbogons')];
    this.interfaces.set(element.name, {
      ...{ name: element.name, line: element.line, device: texts.get('if') ?? '' },
      // The first two cannot be turned off in old texts, which do not say that they are on.
      isEnabled: texts.has('enable') || element.name === 'wan' || element.name === 'lan',
      ...(blocksPrivate === undefined ? {} : { blocksPrivate }),
      ...(blocksBogons === undefined ? {} : { blocksBogons }),
      how,
      addresses: {
        4: addressesOf(how[4], texts.get('subnet') ?? '', 4),
        6: addressesOf(how[6], texts.get('subnetv6') ?? '', 6),
      },
    });
  }

  /** A group of interfaces. Throws `LineFault`. */
  addGroup(element: XmlElement): void {
    const text = (name: string) =>
      element.children.find((child) => child.name === name)?.text ?? '';
    const name = text('ifname');
    if (!/^\w{1,15}$/.test(name)) throw new LineFault(`“${name}” is not the name of a group.`);
    const sequence = text('sequence');
    const order = sequence === '' ? this.groups.size : numberOf(sequence, 99_999);
    this.groups.set(name, { members: listOf(text('members')), order });
  }

  /** A virtual address. Throws `LineFault`. */
  addVirtual(element: XmlElement): void {
    const text = (name: string) =>
      element.children.find((child) => child.name === name)?.text ?? '';
    const mode = text('mode');
    if (!['ipalias', 'carp', 'proxyarp', 'other'].includes(mode)) {
      throw new LineFault(`Virtual addresses of the kind “${mode}” are not read.`);
    }
    // OPNsense knows the addresses that the device has, pfSense all that are written.
    if (this.product === 'opnsense' && !['ipalias', 'carp'].includes(mode)) return;
    const word = text('subnet');
    const family: Family = word.includes(':') ? 6 : 4;
    const bits = text('subnet_bits');
    const network = prefixRange(bits === '' ? word : `${word}/${bits}`, family);
    const isOwn = mode === 'ipalias' || mode === 'carp';
    const range = isOwn ? prefixRange(word, family) : undefined;
    // An alias may stand on another virtual address, which it names by its id.
    const [, on] = /^_vip(\w+)$/.exec(text('interface')) ?? [];
    this.virtual.push({ of: text('interface'), on, id: text('uniqid'), range, network });
  }

  /** The interface that a virtual address stands on. */
  private standsOn({ of, on }: Virtual): string {
    return on === undefined ? of : (this.virtual.find(({ id }) => id === on)?.of ?? of);
  }

  /** The interfaces on which packets come in that a rule of this name is asked of. */
  placesOf(name: string): readonly string[] {
    const members = this.groups.get(name)?.members ?? this.devicesOf(name);
    return [name, ...members.filter((member) => member !== name)];
  }

  /** Assigned interfaces that belong to a group of devices the system makes. */
  private devicesOf(name: string): string[] {
    const start = { openvpn: 'ovpn', wireguard: 'wg', WireGuard: 'tun_wg' }[name];
    if (start === undefined) return [];
    return this.all.filter(({ device }) => device.startsWith(start)).map((one) => one.name);
  }

  /** Where rules of this name are asked: groups first, in their order, then interfaces. */
  rankOf(name: string): number {
    const group = this.groups.get(name);
    if (group !== undefined) return group.order;
    return this.product === 'pfsense' && SYSTEM_GROUPS.has(name) ? 100_000 : 200_000;
  }

  /** The network of an interface or a group; undefined where the word is neither. */
  networkNamed(name: string, family: Family): Addresses | undefined {
    const group = this.groups.get(name);
    if (group === undefined) return this.networkOf(name, family);
    // Groups hold interfaces alone.
    const each = group.members.map((member) => this.networkOf(member, family) ?? NOWHERE);
    return {
      own: [],
      networks: each.flatMap(({ networks }) => networks),
      isDynamic: each.some(({ isDynamic }) => isDynamic),
    };
  }

  private networkOf(name: string, family: Family): Addresses | undefined {
    if (SYSTEM_GROUPS.has(name)) return { own: [], networks: [], isDynamic: true };
    const found = this.interfaces.get(name);
    if (found === undefined) return undefined;
    return found.isEnabled ? this.withVirtual(found, family) : NOWHERE;
  }

  /** The addresses of the firewall in this interface, or in all of them. */
  ownOf(name: string | undefined, family: Family): Addresses | undefined {
    if (name !== undefined && !this.interfaces.has(name)) return undefined;
    const asked = this.all.filter(
      (one) => one.isEnabled && (name === undefined || one.name === name),
    );
    const all = asked.map((one) => this.withVirtual(one, family));
    // `lanip` is the first address alone in pfSense.
    const isFirst = name !== undefined && this.product === 'pfsense';
    const own = isFirst
      ? asked.flatMap((one) => one.addresses[family].own)
      : all.flatMap(({ own }) => own);
    return { own, networks: [], isDynamic: all.some(({ isDynamic }) => isDynamic) };
  }

  private withVirtual({ name, addresses }: PfInterface, family: Family): Addresses {
    const { own, networks, isDynamic } = addresses[family];
    const more = this.virtual.filter(
      (one) => this.standsOn(one) === name && one.network.family === family,
    );
    // OPNsense counts what is link-local to the network of every interface.
    const local = this.product === 'opnsense' && family === 6 ? [prefixRange('fe80::/10', 6)] : [];
    return {
      own: [...own, ...more.flatMap(({ range }) => range ?? [])],
      networks: [...networks, ...more.map(({ network }) => network), ...local],
      isDynamic,
    };
  }
}

function addressesOf(how: string, bits: string, family: Family): Addresses {
  const address = parseAddress(how);
  if (address === undefined) {
    return how === '' || how === 'none' ? NOWHERE : { ...NOWHERE, isDynamic: true };
  }
  if (address.family !== family) throw new LineFault(`“${how}” is not an IPv${family} address.`);
  const length = bits === '' ? addressBits(family) : numberOf(bits, addressBits(family));
  return {
    own: [rangeOfAddress(address)],
    networks: [rangeOfPrefix(prefixOf(address, length))],
    isDynamic: false,
  };
}
