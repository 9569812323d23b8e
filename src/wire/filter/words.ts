/**
 * The words of the pcap-filter language (pcap-filter(7)): protocols, numbers with names, frame
 * types of IEEE 802.11 and 802.2, and the protocol numbers behind the names.
 */

/** What may stand before `host`, `port`, `[`…: the protocol that is meant. */
export const PROTOCOL_WORDS: ReadonlyMap<string, Protocol> = new Map(
  (
    'link ip arp rarp sctp tcp udp icmp igmp igrp pim vrrp carp radio ip6 icmp6 ah esp atalk aarp ' +
    'decnet lat sca moprc mopdl iso esis isis l1 l2 iih lsp snp csnp psnp clnp stp ipx netbeui'
  )
    .split(' ')
    .map((word): [string, Protocol] => [word, word as Protocol])
    .concat(
      ['ether', 'ppp', 'slip', 'fddi', 'tr', 'wlan'].map((word): [string, Protocol] => [
        word,
        'link',
      ]),
      [
        ['es-is', 'esis'],
        ['is-is', 'isis'],
      ],
    ),
);

export type Protocol =
  | 'link'
  | 'ip'
  | 'arp'
  | 'rarp'
  | 'sctp'
  | 'tcp'
  | 'udp'
  | 'icmp'
  | 'igmp'
  | 'igrp'
  | 'pim'
  | 'vrrp'
  | 'carp'
  | 'radio'
  | 'ip6'
  | 'icmp6'
  | 'ah'
  | 'esp'
  | 'atalk'
  | 'aarp'
  | 'decnet'
  | 'lat'
  | 'sca'
  | 'moprc'
  | 'mopdl'
  | 'iso'
  | 'esis'
  | 'isis'
  | 'l1'
  | 'l2'
  | 'iih'
  | 'lsp'
  | 'snp'
  | 'csnp'
  | 'psnp'
  | 'clnp'
  | 'stp'
  | 'ipx'
  | 'netbeui';

/** Other words with a meaning of their own, by the one they stand for. */
export const KEYWORDS: ReadonlyMap<string, string> = new Map(
  (
    'src dst host net mask port portrange proto protochain gateway type subtype dir ra ta less ' +
    'greater byte broadcast multicast and or not len inbound outbound ifindex vlan mpls pppoed ' +
    'pppoes geneve vxlan llc ifname rset rnr srnr reason action fisu lssu msu hfisu hlssu hmsu ' +
    'sio opc dpc sls hsio hopc hdpc hsls addr1 addr2 addr3 addr4 ' +
    'lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect'
  )
    .split(' ')
    .map((word): [string, string] => [word, word])
    .concat([
      ['direction', 'dir'],
      ['address1', 'addr1'],
      ['address2', 'addr2'],
      ['address3', 'addr3'],
      ['address4', 'addr4'],
      ['length', 'len'],
      ['on', 'ifname'],
      ['ruleset', 'rset'],
      ['rulenum', 'rnr'],
      ['subrulenum', 'srnr'],
      ['lsu', 'lssu'],
    ]),
);

/** Words for cells of ATM, a network that is gone: named so that they are not taken for hosts. */
export const ATM_WORDS: ReadonlySet<string> = new Set(
  'lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect'.split(' '),
);

function numbered(first: number, names: string): [string, number][] {
  return names.split(' ').map((name, index) => [name, first + index]);
}

/** Names that stand for numbers: offsets and values of ICMP, ICMPv6 and TCP fields. */
export const NUMBER_WORDS: ReadonlyMap<string, number> = new Map<string, number>([
  ['icmptype', 0],
  ['icmpcode', 1],
  ['icmp-echoreply', 0],
  ...numbered(3, 'icmp-unreach icmp-sourcequench icmp-redirect'),
  ...numbered(8, 'icmp-echo icmp-routeradvert icmp-routersolicit icmp-timxceed icmp-paramprob'),
  ...numbered(13, 'icmp-tstamp icmp-tstampreply icmp-ireq icmp-ireqreply icmp-maskreq'),
  ['icmp-maskreply', 18],
  ['icmp6type', 0],
  ['icmp6code', 1],
  ...numbered(1, 'icmp6-destinationunreach icmp6-packettoobig icmp6-timeexceeded'),
  ['icmp6-parameterproblem', 4],
  ...numbered(128, 'icmp6-echo icmp6-echoreply icmp6-multicastlistenerquery'),
  ...numbered(131, 'icmp6-multicastlistenerreportv1 icmp6-multicastlistenerdone'),
  ...numbered(133, 'icmp6-routersolicit icmp6-routeradvert icmp6-neighborsolicit'),
  ...numbered(136, 'icmp6-neighboradvert icmp6-redirect icmp6-routerrenum'),
  ...numbered(139, 'icmp6-nodeinformationquery icmp6-nodeinformationresponse'),
  ...numbered(141, 'icmp6-ineighbordiscoverysolicit icmp6-ineighbordiscoveryadvert'),
  ...numbered(143, 'icmp6-multicastlistenerreportv2 icmp6-homeagentdiscoveryrequest'),
  ...numbered(145, 'icmp6-homeagentdiscoveryreply icmp6-mobileprefixsolicit'),
  ...numbered(147, 'icmp6-mobileprefixadvert icmp6-certpathsolicit icmp6-certpathadvert'),
  ...numbered(151, 'icmp6-multicastrouteradvert icmp6-multicastroutersolicit'),
  ['icmp6-multicastrouterterm', 153],
  ['tcpflags', 13],
  ['tcp-fin', 1],
  ['tcp-syn', 2],
  ['tcp-rst', 4],
  ['tcp-push', 8],
  ['tcp-ack', 16],
  ['tcp-urg', 32],
  ['tcp-ece', 64],
  ['tcp-cwr', 128],
]);

/** Frame types of IEEE 802.11, as bits of the first octet of frame control. */
export const WLAN_TYPES: ReadonlyMap<string, number> = new Map([
  ['mgt', 0x00],
  ['management', 0x00],
  ['ctl', 0x04],
  ['control', 0x04],
  ['data', 0x08],
]);

function subtypes(type: number, names: readonly [string, number][]): [string, number][] {
  return names.map(([name, subtype]) => [name, (subtype << 4) | type]);
}

/** Frame subtypes of IEEE 802.11, their type included; management, then control, then data. */
export const WLAN_SUBTYPES: ReadonlyMap<string, number> = new Map([
  ...subtypes(0, [
    ['assocreq', 0],
    ['assoc-req', 0],
    ['assocresp', 1],
    ['assoc-resp', 1],
    ['reassocreq', 2],
    ['reassoc-req', 2],
    ['reassocresp', 3],
    ['reassoc-resp', 3],
    ['probereq', 4],
    ['probe-req', 4],
    ['proberesp', 5],
    ['probe-resp', 5],
    ['beacon', 8],
    ['atim', 9],
    ['disassoc', 10],
    ['disassociation', 10],
    ['auth', 11],
    ['authentication', 11],
    ['deauth', 12],
    ['deauthentication', 12],
  ]),
  ...subtypes(4, [
    ['bar', 8],
    ['ba', 9],
    ['ps-poll', 10],
    ['rts', 11],
    ['cts', 12],
    ['ack', 13],
    ['cf-end', 14],
    ['cf-end-ack', 15],
  ]),
  ...subtypes(8, [
    ['data', 0],
    ['data-cf-ack', 1],
    ['data-cf-poll', 2],
    ['data-cf-ack-poll', 3],
    ['null', 4],
    ['cf-ack', 5],
    ['cf-poll', 6],
    ['cf-ack-poll', 7],
    ['qos-data', 8],
    ['qos-data-cf-ack', 9],
    ['qos-data-cf-poll', 10],
    ['qos-data-cf-ack-poll', 11],
    ['qos', 12],
    ['qos-cf-poll', 14],
    ['qos-cf-ack-poll', 15],
  ]),
]);

/** The two bits of IEEE 802.11 frame control that say from where to where. */
export const WLAN_DIRECTIONS: ReadonlyMap<string, number> = new Map([
  ['nods', 0],
  ['tods', 1],
  ['fromds', 2],
  ['dstods', 3],
]);

/** 802.2 control fields: value and mask of the octet behind the two service access points. */
export const LLC_KINDS: ReadonlyMap<string, readonly [value: number, mask: number]> = new Map<
  string,
  readonly [number, number]
>([
  ['i', [0x00, 0x01]],
  ['s', [0x01, 0x03]],
  ['u', [0x03, 0x03]],
  ['rr', [0x01, 0x0f]],
  ['rnr', [0x05, 0x0f]],
  ['rej', [0x09, 0x0f]],
  ['ui', [0x03, 0xef]],
  ['ua', [0x63, 0xef]],
  ['disc', [0x43, 0xef]],
  ['dm', [0x0f, 0xef]],
  ['sabme', [0x6f, 0xef]],
  ['test', [0xe3, 0xef]],
  ['xid', [0xaf, 0xef]],
  ['frmr', [0x87, 0xef]],
]);

/** Names for `ip proto NAME`: those of /etc/protocols that are in use. */
export const IP_PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ip: 0,
    hopopt: 0,
    icmp: 1,
    igmp: 2,
    ggp: 3,
    ipencap: 4,
    st: 5,
    tcp: 6,
    egp: 8,
    igp: 9,
    pup: 12,
    udp: 17,
    hmp: 20,
    'xns-idp': 22,
    rdp: 27,
    'iso-tp4': 29,
    dccp: 33,
    xtp: 36,
    ddp: 37,
    'idpr-cmtp': 38,
    ipv6: 41,
    'ipv6-route': 43,
    'ipv6-frag': 44,
    idrp: 45,
    rsvp: 46,
    gre: 47,
    esp: 50,
    'ipv6-crypt': 50,
    ah: 51,
    'ipv6-auth': 51,
    skip: 57,
    'ipv6-icmp': 58,
    icmp6: 58,
    icmpv6: 58,
    'ipv6-nonxt': 59,
    'ipv6-opts': 60,
    rspf: 73,
    vmtp: 81,
    eigrp: 88,
    ospf: 89,
    ospfigp: 89,
    'ax.25': 93,
    ipip: 94,
    etherip: 97,
    encap: 98,
    pim: 103,
    ipcomp: 108,
    vrrp: 112,
    carp: 112,
    l2tp: 115,
    isis: 124,
    sctp: 132,
    fc: 133,
    'mobility-header': 135,
    udplite: 136,
    'mpls-in-ip': 137,
    manet: 138,
    hip: 139,
    shim6: 140,
    wesp: 141,
    rohc: 142,
    ethernet: 143,
  }),
);

/** Names for `ether proto NAME`: EtherTypes, and 802.2 service access points. */
export const LINK_PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    aarp: 0x80f3,
    arp: 0x0806,
    atalk: 0x809b,
    decnet: 0x6003,
    ip: 0x0800,
    ip6: 0x86dd,
    lat: 0x6004,
    lldp: 0x88cc,
    loopback: 0x9000,
    mopdl: 0x6001,
    moprc: 0x6002,
    rarp: 0x8035,
    sca: 0x6007,
    slow: 0x8809,
    iso: 0xfe,
    stp: 0x42,
    ipx: 0xe0,
    netbeui: 0xf0,
  }),
);

/** Network layer protocol identifiers (ISO 9577) behind 802.2. */
export const ISO_PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({ clnp: 0x81, esis: 0x82, isis: 0x83 }),
);

/** Reasons and actions in the log headers of OpenBSD's packet filter. */
export const PF_REASONS: ReadonlyMap<string, number> = new Map(
  numbered(
    0,
    'match bad-offset fragment short normalize memory bad-timestamp congestion ip-option ' +
      'proto-cksum state-mismatch state-insert state-limit src-limit synproxy',
  ),
);
export const PF_ACTIONS: ReadonlyMap<string, number> = new Map([
  ...numbered(0, 'pass drop scrub noscrub nat nonat binat nobinat rdr nordr synproxy-drop'),
  ['accept', 0],
  ['block', 1],
]);
