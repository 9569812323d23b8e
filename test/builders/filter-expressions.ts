/**
 * Filter expressions by the grammar of pcap-filter(7), from a seed: addresses, ports and octets
 * are taken from frames, so that many of them match something.
 */
export interface Facts {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly macs: readonly string[];
  readonly ports: readonly number[];
}

/** A small generator of pseudo-random numbers (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NETWORK = ['ip', 'ip6', 'arp'];
const INDEXED = ['ip', 'ip6', 'arp', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'igmp', 'ether'];
const ALONE =
  'ip ip6 arp rarp tcp udp icmp icmp6 igmp sctp esp ah pim vrrp iso isis stp ipx atalk decnet lat netbeui';
const LINK_WORDS = [
  'broadcast',
  'multicast',
  'ether broadcast',
  'ether multicast',
  'llc',
  'llc u',
  'llc s',
];

export class ExpressionMaker {
  private readonly random: () => number;
  private readonly facts: Facts;
  private readonly linkType: number;

  constructor(seed: number, facts: Facts, linkType: number) {
    this.random = randomFrom(seed);
    this.facts = facts;
    this.linkType = linkType;
  }

  /** One filter. Geneve moves the places of all that stands behind it, so it comes first. */
  filter(): string {
    if (this.linkType !== 1 || this.random() > 0.03) return this.expression(3);
    const inner = this.pick(['', ' and ip', ' and icmp', ` and ${this.port()}`]);
    return `geneve${this.pick(['', ' 10', ' 11'])}${inner}`;
  }

  /** One expression; `depth` bounds its nesting. */
  private expression(depth: number): string {
    const roll = this.random();
    if (depth === 0 || roll < 0.4) return this.primitive();
    if (roll < 0.6) return `${this.expression(depth - 1)} and ${this.expression(depth - 1)}`;
    if (roll < 0.75) return `${this.expression(depth - 1)} or ${this.expression(depth - 1)}`;
    if (roll < 0.88) return `not ${this.operand(depth)}`;
    return `(${this.expression(depth - 1)})`;
  }

  private operand(depth: number): string {
    return this.random() < 0.5 ? this.primitive() : `(${this.expression(depth - 1)})`;
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }

  private whole(below: number): number {
    return Math.floor(this.random() * below);
  }

  private primitive(): string {
    const kinds: (() => string)[] = [
      () => this.pick(ALONE.split(' ')),
      () => this.host(),
      () => this.host(),
      () => this.net(),
      () => this.port(),
      () => this.port(),
      () => this.portList(),
      () => this.proto(),
      () => this.relation(),
      () => this.relation(),
      () => `${this.pick(['less', 'greater'])} ${this.whole(400)}`,
      // Not `ip multicast` and `byte N & M`: libpcap mended both after 1.10.3.
      () => 'ip6 multicast',
      () => `byte ${this.whole(60)} ${this.pick(['=', '<', '>'])} ${this.whole(256)}`,
    ];
    if (this.linkType === 1) {
      kinds.push(
        () => this.pick(LINK_WORDS),
        () => `ether ${this.direction()}host ${this.pick(this.facts.macs)}`,
        () => this.tunnel(),
      );
    }
    return this.pick(kinds)();
  }

  private direction(): string {
    return this.pick(['', '', 'src ', 'dst ', 'src or dst ', 'src and dst ']);
  }

  private host(): string {
    if (this.facts.ipv6.length > 0 && this.random() < 0.3) {
      return `${this.pick(['', 'ip6 '])}${this.direction()}host ${this.pick(this.facts.ipv6)}`;
    }
    const { ipv4 } = this.facts;
    const first = `${this.pick(['', '', ...NETWORK.filter((each) => each !== 'ip6').map((each) => `${each} `)])}${this.direction()}host ${this.pick(ipv4)}`;
    return this.random() < 0.2 ? `${first} or ${this.pick(ipv4)}` : first;
  }

  private net(): string {
    const octets = this.pick(this.facts.ipv4).split('.');
    switch (this.whole(4)) {
      case 0:
        return `${this.direction()}net ${octets.slice(0, 1 + this.whole(3)).join('.')}`;
      case 1:
        return `${this.direction()}net ${octets[0]}.${octets[1]}.0.0/16`;
      case 2:
        return `${this.direction()}net ${octets[0]}.${octets[1]}.${octets[2]}.0 mask 255.255.255.0`;
      default:
        return `${this.direction()}net ::/${this.pick([0, 8])}`;
    }
  }

  private port(): string {
    const transport = this.pick(['', '', 'tcp ', 'udp ', 'sctp ']);
    const port = this.pick(this.facts.ports);
    if (this.random() < 0.3) {
      const last = Math.min(65_535, port + this.whole(2000));
      return `${transport}${this.direction()}portrange ${port}-${last}`;
    }
    return `${transport}${this.direction()}port ${port}`;
  }

  private portList(): string {
    const { ports } = this.facts;
    return this.pick([
      `port ${this.pick(ports)} or ${this.pick(ports)}`,
      `tcp port (${this.pick(ports)} or ${this.pick(ports)})`,
      `port (${this.pick(ports)} or not ${this.pick(ports)})`,
      `port ${this.pick(ports)} or not ${this.pick(ports)}`,
    ]);
  }

  private proto(): string {
    return this.pick([
      `ip proto ${this.pick([1, 2, 6, 17, 47, 50, 89, 103, 132])}`,
      `proto ${this.pick([1, 6, 17, 58, 89])}`,
      `ip6 proto ${this.pick([0, 6, 17, 44, 58])}`,
      'ip proto \\tcp',
      'ip6 proto \\udp',
      `ether proto ${this.pick(['0x0800', '0x86dd', '0x0806', '0x8100', '0x8847', '0x88cc', '0x42'])}`,
      `ether proto ${this.pick(['\\ip', '\\ip6', '\\arp', '\\stp'])}`,
    ]);
  }

  private field(protocol = this.pick(INDEXED)): string {
    const size = this.pick(['', '', ':2', ':4']);
    const index = this.random() < 0.85 ? this.whole(24) : `${this.field()} & ${this.pick([3, 7])}`;
    return `${protocol}[${index}${size}]`;
  }

  /** Both sides of one header: libpcap forgets to test that the right one's exists. */
  private calculation(operators: readonly string[]): string {
    const protocol = this.pick(INDEXED);
    return `${this.plainField(protocol)} ${this.pick(operators)} ${this.plainField(protocol)}`;
  }

  private plainField(protocol: string): string {
    return `${protocol}[${this.whole(24)}${this.pick(['', ':2', ':4'])}]`;
  }

  private relation(): string {
    const relation = this.pick(['=', '!=', '<', '>', '<=', '>=', '==']);
    const left = this.pick([
      () => this.field(),
      () => `${this.field()} & 0x${(1 + this.whole(255)).toString(16)}`,
      () => 'tcp[tcpflags] & (tcp-syn|tcp-ack)',
      () => 'tcp[tcpflags] & tcp-syn',
      () => `len ${this.pick(['+', '-', '*', '&'])} ${this.whole(100)}`,
      () => this.calculation(['+', '-', '*', '&', '|', '^', '/', '%']),
      () => `(${this.field()} >> ${this.whole(8)}) * 4`,
      () => `((${this.field()} & 0xf0) >> 2) + 1`,
      () => `-${this.field()}`,
      () => `${this.field()} % ${1 + this.whole(9)}`,
      () => 'icmp[icmptype]',
      () => 'ip[6:2] & 0x1fff',
    ])();
    const right =
      this.random() < 0.8 ? this.pick([0, 0, 1, 2, 6, 17, 80, this.whole(256)]) : this.field();
    return `${left} ${relation} ${right}`;
  }

  private tunnel(): string {
    return this.pick([
      'vlan',
      `vlan ${this.pick([1, 10, 100, 200, 400])}`,
      'vlan and ip',
      'vlan and vlan',
      `vlan and ${this.port()}`,
      'mpls',
      'mpls and ip',
      'mpls and mpls',
      `mpls ${this.pick([18, 29, 100, 100688])}`,
      `mpls and ${this.host().replace(/\b(arp|ip) /, '')}`,
      'pppoed',
      'pppoes',
      'pppoes and ip',
      `pppoes and ${this.port()}`,
    ]);
  }
}
