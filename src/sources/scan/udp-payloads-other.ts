/** Requests of applications, games, telephony and devices. */
import { hex, join, octetsOf } from './services/octets.ts';
import { of, random, text, words16, zeros } from './udp-payload-parts.ts';
import type { UdpPayload } from './udp-payloads.ts';

export const OTHER_PAYLOADS: readonly UdpPayload[] = [
  // IBM Db2 administration server: discovery.
  text('ibm-db2', [523], 'DB2GETADDR\0SQL08010\0'),
  // OpenVPN protocol, P_CONTROL_HARD_RESET_CLIENT_V2; answered where no tls-auth is required.
  of('openvpn', [1194], join(hex('38'), random(8), hex('0000000000'))),
  // Citrix ICA browser: hello.
  of('icabrowser', [1604], join(hex('1e00013002fda8e300'), zeros(21))),
  // 3GPP TS 29.060 section 7.2.1: echo request of GTP-C, GTP-U, GTP'.
  of('gtp-control', [2123], hex('320100040000000070520000')),
  of('gtp-user', [2152], hex('320100040000000070520000')),
  of('gprs-data', [3386], hex('0e0100007052')),
  // Digi ADDP: discovery.
  of('digiman', [2362], join(octetsOf('DIGI'), hex('00010006ffffffffffff'))),
  // RFC 3435 section 2.3.8: audit endpoint.
  text('mgcp-gateway', [2427], 'AUEP 1 *@portreeve MGCP 1.0\r\n\r\n'),
  // Apple Remote Desktop: client query.
  of('net-assistant', [3283], hex('0014000103')),
  // RFC 5456 section 6.7.1: POKE.
  of('iax', [4569], hex('80000000000000000000061e')),
  // SafeNet Sentinel licence manager: ping.
  of('sentinel-lm', [5093], join(hex('7a00000000000000'), zeros(8))),
  // Symantec pcAnywhere: name query.
  text('pcanywherestat', [5632], 'NQ'),
  // BEP 5: ping of a Mainline DHT node.
  text('bittorrent-dht', [6881], 'd1:ad2:id20:portreeve-asks-only-e1:q4:ping1:t2:pr1:y1:qe'),
  // Rx (AFS): version request.
  of(
    'afs3-callback',
    [7001],
    join(hex('0000000000000000000000650000000000000000'), hex('0d05000000000000'), zeros(1)),
  ),
  // GameSpy query, Unreal engine and others.
  text('gamespy', [7778, 23000], '\\status\\'),
  // Ubiquiti discovery, version 1.
  of('ubiquiti-discovery', [10001], hex('01000000')),
  // Amanda: noop request.
  text('amanda', [10080], 'Amanda 2.6 REQ HANDLE 000-00000000 SEQ 0\nSERVICE noop\n'),
  // Memcached protocol.txt, "UDP protocol": frame header and command.
  of('memcache', [11211], join(words16(0x7052, 0, 1, 0), octetsOf('version\r\n'))),
  // RakNet: unconnected ping (Minecraft Bedrock).
  of(
    'minecraft-bedrock',
    [19132],
    join(hex('01'), zeros(8), hex('00ffff00fefefefefdfdfdfd12345678'), random(8)),
  ),
  // Valve developer wiki, "Server queries": A2S_INFO.
  of('source-engine', [27015, 27016], join(hex('ffffffff54'), octetsOf('Source Engine Query\0'))),
  // Quake III: getstatus.
  of('quake3', [27960, 26000], join(hex('ffffffff'), octetsOf('getstatus\n'))),
  // Lantronix: query of the device's setup.
  of('lantronix', [30718], hex('000000f6')),
  // Plex GDM.
  text('plex-gdm', [32410, 32414], 'M-SEARCH * HTTP/1.1\r\n\r\n'),
  // Mumble: ping.
  of('mumble', [64738], join(zeros(4), random(8))),
  // UniFi inform discovery, version 2.
  of('unifi-discovery', [10002], hex('02080000')),
  // HID VertX: discover.
  text('vertx', [4070], 'discover;013;'),
  // RFC 8415 section 18.2.6: information request with a client identifier.
  of('dhcpv6-server', [547], hex('0b7052010001000a00030001020000000001000600020017')),
  // Industrial devices; sent only where the scan is told to.
  of('bacnet', [47808], hex('810a001101040005010c0c023fffff194b')),
  of('ethernet-ip', [44818], join(hex('6300'), zeros(22))),
  of(
    'vxworks-wdb',
    [17185],
    join(
      hex('705200010000000000000002555555550000000100000001'),
      zeros(16),
      hex('00005555ffffffff0000003000000001'),
      hex('00000002'),
      zeros(8),
    ),
  ),
  of('hart-ip', [5094], hex('010000000001000d0100007530')),
];
