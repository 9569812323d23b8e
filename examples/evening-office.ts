/**
 * Makes `evening-office.pcapng`: a quarter of an hour of a small Windows domain in the evening,
 * nobody at work, after the first assessment of "Network Port Fundamentals, Part 2" (2005): SSH of
 * the person who looks comes first, then what Windows says unasked, one look at a web server, and
 * a dozen ports with a single packet of 229 octets each. Names, addresses and payloads are ours.
 *
 *   node examples/make.mjs
 */
import { udp } from '../test/builders/packet.ts';
import { Scene } from './scene.ts';

const CONTROLLER = '10.0.2.10';
const FILES = '10.0.2.11';
const SNIFFER = '10.0.2.5';
const ADMIN = '10.0.2.20';
const READER = '10.0.2.21';
const HOPPER = '10.0.2.22';
const EVERYBODY = '10.0.2.255';
const WEB = '203.0.113.80';
const NAMES: Readonly<Record<string, string>> = {
  [CONTROLLER]: 'DC01',
  [FILES]: 'FILES01',
  [ADMIN]: 'ADMIN-PC',
  [READER]: 'WS21',
  [HOPPER]: 'WS22',
};
const DOMAIN = 'OFFICE';
/** Ports that mean nothing to anybody today, in the range that Windows of the time chose from. */
const HOPPED = [1027, 1029, 1033, 1038, 1041, 1046, 1052, 1059, 1063, 1071, 1074, 1085];

const text = (value: string) => Uint8Array.from(value, (letter) => letter.charCodeAt(0));
const join = (...pieces: readonly (Uint8Array | readonly number[])[]) =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));
const pair = (value: number) => [(value >> 8) & 0xff, value & 0xff];

/** Octets that look like nothing: a linear congruential generator (Numerical Recipes). */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** A name in DNS form (RFC 1035 section 3.1). */
function dnsName(name: string): Uint8Array {
  return join(...name.split('.').flatMap((label) => [[label.length], text(label)]), [0]);
}

/** A question for the address of a name, or its answer (RFC 1035 section 4). */
function dns(id: number, name: string, address?: string): Uint8Array {
  const answers = address === undefined ? 0 : 1;
  const flags = address === undefined ? 0x0100 : 0x8580;
  const header = [id, flags, 1, answers, 0, 0].flatMap(pair);
  const question = join(dnsName(name), [0, 1, 0, 1]);
  if (address === undefined) return join(header, question);
  const octets = address.split('.').map(Number);
  return join(header, question, [0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4], octets);
}

/** A NetBIOS name of sixteen octets in its first-level encoding (RFC 1001 section 14.1). */
function netbiosName(name: string, suffix: number): Uint8Array {
  const octets = [...text(name.padEnd(15)), suffix];
  return join(
    [32],
    octets.flatMap((octet) => [0x41 + (octet >> 4), 0x41 + (octet & 15)]),
    [0],
  );
}

/** A broadcast name query (RFC 1002 section 4.2.12). */
function nameQuery(id: number, name: string, suffix: number): Uint8Array {
  return join([id, 0x0110, 1, 0, 0, 0].flatMap(pair), netbiosName(name, suffix), [0, 0x20, 0, 1]);
}

/** A browser announcement: SMB mailslot in a NetBIOS datagram (RFC 1002 section 4.4.2, MS-BRWS). */
function announcement(id: number, from: string): Uint8Array {
  const name = NAMES[from]!;
  const slot = text('\\MAILSLOT\\BROWSE\0');
  const browse = join(
    [0x0f, 0, 0x80, 0xfc, 0x0a, 0x00],
    text(name.padEnd(16, '\0')),
    [5, 2, 0x03, 0x10, 0x05, 0x00, 0x0f, 0x01, 0x55, 0xaa, 0],
  );
  const smb = join(
    [0xff, 0x53, 0x4d, 0x42, 0x25],
    new Uint8Array(27),
    [17, 0, 0, browse.length, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, browse.length, 0, 86, 0, 3, 0, 1, 0, 0, 0, 2, 0, slot.length + browse.length, 0],
    slot,
    browse,
  );
  const body = join(netbiosName(name, 0), netbiosName(DOMAIN, 0x1e), smb);
  const source = from.split('.').map(Number);
  return join([0x11, 0x0a], pair(id), source, pair(138), pair(body.length), [0, 0], body);
}

/** An SNTP message (RFC 4330 section 4): 3 asks, 4 answers. */
function ntp(mode: 3 | 4): Uint8Array {
  const message = new Uint8Array(48);
  message[0] = 0x18 | mode;
  message[1] = mode === 4 ? 3 : 0;
  message.set([0xed, 0x05, 0xa1, 0x00], 40);
  return message;
}

/** A DHCP message (RFC 2131, 2132): `type` 3 requests, 5 acknowledges. */
function dhcp(type: 3 | 5, client: string, id: number): Uint8Array {
  const message = new Uint8Array(236);
  message.set([type === 3 ? 1 : 2, 1, 6, 0, 0x3d, 0x1d, 0, id]);
  message.set(client.split('.').map(Number), 12);
  message.set([0x02, 0, 0, 0, 0x02, id], 28);
  const name = text(NAMES[client]!);
  const options =
    type === 3 ? [12, name.length, ...name] : [54, 4, ...CONTROLLER.split('.').map(Number)];
  return join(message, [99, 130, 83, 99, 53, 1, type], options, [255]);
}

const scene = new Scene();

// The person who looks: a terminal session, older than the capture, that goes on all the time.
scene.talk({
  at: 0.2,
  client: ADMIN,
  sport: 49_811,
  server: SNIFFER,
  dport: 22,
  data: Array.from({ length: 180 }, (_, index) => noise(index % 2 === 0 ? 36 : 132, index)),
  older: true,
  pause: 4.9,
});
scene.talk({
  at: 3,
  client: ADMIN,
  sport: 49_902,
  server: SNIFFER,
  dport: 22,
  data: [
    'SSH-2.0-PuTTY_Release_0.58\r\n',
    'SSH-2.0-OpenSSH_3.8.1p1 Debian-8.sarge.4\r\n',
    noise(608, 1),
    noise(704, 2),
    noise(144, 3),
    noise(720, 4),
  ],
});

// Windows announces itself (a dozen minutes apart for each), and elects its browsers.
const windows = [CONTROLLER, FILES, ADMIN, READER, HOPPER];
let id = 0x8000;
for (let minute = 0; minute < 15; minute++) {
  windows.forEach((host, index) => {
    const at = minute * 60 + 11 + index * 9.7;
    scene.send(at, host, EVERYBODY, udp({ sport: 138, dport: 138 }, announcement(id++, host)));
  });
}
for (let round = 0; round < 12; round++) {
  const at = 20 + round * 71;
  const from = round % 2 === 0 ? READER : ADMIN;
  for (let again = 0; again < 3; again++) {
    const query = nameQuery(id + round, round % 3 === 0 ? 'PRINTSRV' : DOMAIN, 0x1b);
    scene.send(at + 0.75 * again, from, EVERYBODY, udp({ sport: 137, dport: 137 }, query));
  }
}

// Names by DNS, the time, and addresses.
windows.slice(1).forEach((client, index) => {
  for (let round = 0; round < 3; round++) {
    const at = 31 + index * 17 + round * 240;
    const sport = 1025 + 7 * index + round;
    const name = round === 0 ? '_ldap._tcp.dc._msdcs.office.example' : 'dc01.office.example';
    scene.ask(at, client, sport, CONTROLLER, 53, [dns(id, name), dns(id++, name, CONTROLLER)]);
  }
  scene.ask(300 + index * 21, client, 123, CONTROLLER, 123, [ntp(3), ntp(4)]);
});
[FILES, ADMIN, READER, HOPPER, READER].forEach((client, index) => {
  scene.ask(420 + index * 50, client, 68, CONTROLLER, 67, [
    dhcp(3, client, 21 + index),
    dhcp(5, client, 21 + index),
  ]);
});

// A workstation asks a web server outside whether there is news.
scene.ask(89.9, READER, 1047, CONTROLLER, 53, [
  dns(id, 'www.example.com'),
  dns(id++, 'www.example.com', WEB),
]);
for (let round = 0; round < 4; round++) {
  scene.talk({
    at: 90 + round * 180,
    client: READER,
    sport: 1201 + round,
    server: WEB,
    dport: 80,
    data: [
      'GET /news.rss HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: NewsReader/1.2\r\n\r\n',
      `HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: 4200\r\n\r\n${'n'.repeat(4200)}`,
    ],
  });
}

// And something nobody knows: a dozen ports, one packet of 229 octets each.
HOPPED.forEach((port, index) => {
  scene.send(40 + index * 67, HOPPER, FILES, udp({ sport: 3044, dport: port }, noise(201, port)));
});

const START = 1_767_641_400_000_000n; // 2026-01-05T19:30:00Z

/** The whole file. */
export function eveningOffice(): Uint8Array {
  return scene.capture(START, 'eth1');
}
