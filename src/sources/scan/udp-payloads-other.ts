/** Requests of applications, games, telephony and devices. */
import { randomBytes } from 'node:crypto';
import type { UdpPayload } from './udp-payloads.ts';
import { hex, of, text, words16, zeros } from './udp-payloads-common.ts';

export function otherPayloads(): UdpPayload[] {
  return [
    // IBM Db2 administration server: discovery.
    text('ibm-db2', [523], 'DB2GETADDR\0SQL08010\0'),
    // OpenVPN protocol, P_CONTROL_HARD_RESET_CLIENT_V2; answered where no tls-auth is required.
    of('openvpn', [1194], Buffer.concat([hex('38'), randomBytes(8), hex('0000000000')])),
    // ITU-T H.225.0: gatekeeper request.
    of('h323gatestat', [1719], hex('0000000600088a910005007200650065007600650000')),
    // Citrix ICA browser: hello.
    of('icabrowser', [1604], Buffer.concat([hex('1e00013002fda8e300'), zeros(21)])),
    // 3GPP TS 29.060 section 7.2.1: echo request of GTP-C, GTP-U, GTP'.
    of('gtp-control', [2123], hex('32010004000000007052 0000'.replace(' ', ''))),
    of('gtp-user', [2152], hex('32010004000000007052 0000'.replace(' ', ''))),
    of('gprs-data', [3386], hex('0e0100007052')),
    // Digi ADDP: discovery.
    of('digiman', [2362], Buffer.concat([Buffer.from('DIGI'), hex('00010006ffffffffffff')])),
    // RFC 3435 section 2.3.8: audit endpoint.
    text('mgcp-gateway', [2427], 'AUEP 1 *@portreeve MGCP 1.0\r\n\r\n'),
    // Apple Remote Desktop: client query.
    of('net-assistant', [3283], hex('00140001 03'.replace(' ', ''))),
    // RFC 5456 section 6.7.1: POKE.
    of('iax', [4569], hex('8000000000000000 0000061e'.replace(' ', ''))),
    // RFC 5415 section 5.1: discovery request, with the type of discovery.
    of(
      'capwap-control',
      [5246],
      hex('0010020000000000000000010100080000140001 00'.replace(' ', '')),
    ),
    // SafeNet Sentinel licence manager: ping.
    of('sentinel-lm', [5093], Buffer.concat([hex('7a00000000000000'), zeros(8)])),
    // Symantec pcAnywhere: name query.
    text('pcanywherestat', [5632], 'NQ'),
    // BEP 5: ping of a Mainline DHT node.
    text('bittorrent-dht', [6881], 'd1:ad2:id20:portreeve-asks-only-e1:q4:ping1:t2:pr1:y1:qe'),
    // Rx (AFS): version request.
    of(
      'afs3-callback',
      [7001],
      Buffer.concat([
        hex('0000000000000000000000650000000000000000'),
        hex('0d05000000000000'),
        zeros(1),
      ]),
    ),
    // GameSpy query, Unreal engine and others.
    text('gamespy', [7778, 23000], '\\status\\'),
    // Ubiquiti discovery, version 1.
    of('ubiquiti-discovery', [10001], hex('01000000')),
    // Amanda: noop request.
    text('amanda', [10080], 'Amanda 2.6 REQ HANDLE 000-00000000 SEQ 0\nSERVICE noop\n'),
    // Memcached protocol.txt, "UDP protocol": frame header and command.
    of('memcache', [11211], Buffer.concat([words16(0x7052, 0, 1, 0), Buffer.from('version\r\n')])),
    // RakNet: unconnected ping (Minecraft Bedrock).
    of(
      'minecraft-bedrock',
      [19132],
      Buffer.concat([hex('01'), zeros(8), hex('00ffff00fefefefefdfdfdfd12345678'), randomBytes(8)]),
    ),
    // Valve developer wiki, "Server queries": A2S_INFO.
    of(
      'source-engine',
      [27015, 27016],
      Buffer.concat([hex('ffffffff54'), Buffer.from('Source Engine Query\0')]),
    ),
    // Quake III: getstatus.
    of('quake3', [27960, 26000], Buffer.concat([hex('ffffffff'), Buffer.from('getstatus\n')])),
    // Lantronix: query of the device's setup.
    of('lantronix', [30718], hex('000000f6')),
    // Plex GDM.
    text('plex-gdm', [32410, 32414], 'M-SEARCH * HTTP/1.1\r\n\r\n'),
    // TeamSpeak 3: first step of the connection.
    of(
      'teamspeak',
      [9987],
      Buffer.concat([
        Buffer.from('TS3INIT1'),
        hex('0065000088'),
        hex('0638ecd500'),
        zeros(4),
        randomBytes(4),
        zeros(8),
      ]),
    ),
    // Mumble: ping.
    of('mumble', [64738], Buffer.concat([zeros(4), randomBytes(8)])),
    // UniFi inform discovery, version 2.
    of('unifi-discovery', [10002], hex('02080000')),
    // HID VertX: discover.
    text('vertx', [4070], 'discover;013;'),
    // Kademlia 2 (eMule): hello.
    of('kademlia', [4672], hex('e460')),
    // IEEE 1588-2019 section 15: PTP management, GET of the null data.
    of(
      'ptp-general',
      [320],
      Buffer.concat([
        hex('0d02003600000000'),
        zeros(26),
        hex('0004 7f'.replace(' ', '')),
        hex('ffffffffffffffffffff010100000001000200 00'.replace(' ', '')),
      ]),
    ),
    // RFC 8415 section 18.2.6: information request with a client identifier.
    of(
      'dhcpv6-server',
      [547],
      hex('0b705201000100060003 0001020000000001000600020017'.replace(' ', '')),
    ),
    // Industrial devices; sent only where the scan is told to.
    of('bacnet', [47808], hex('810a001101040005010c0c023fffff194b')),
    of('ethernet-ip', [44818], Buffer.concat([hex('6300'), zeros(22)])),
    of(
      'vxworks-wdb',
      [17185],
      Buffer.concat([
        hex('705200010000000000000002555555550000000100000001'),
        zeros(16),
        hex('00005555ffffffff0000003000000001'),
        hex('00000002'),
        zeros(8),
      ]),
    ),
    of('hart-ip', [5094], hex('01000000000100 0d0100007530'.replace(' ', ''))),
  ];
}
