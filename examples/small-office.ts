/**
 * Makes `small-office.pcapng`: ten minutes of a small office, as a mirror port would show it.
 * Clients use a web server, a database, a file server and name servers; somebody outside looks
 * for open ports; one connection began before the capture did.
 *
 *   node examples/make.mjs
 */
import { arp, ether, ipv6, tcp, udp } from '../test/builders/packet.ts';
import { Scene } from './scene.ts';

const DNS = '10.0.2.10';
const FILES = '10.0.2.11';
const DATABASE = '10.0.2.20';
const WEB = '10.0.1.10';
const CLIENTS = ['10.0.3.21', '10.0.3.22', '10.0.3.23', '10.0.3.24'];
const SCANNER = '203.0.113.77';
const VISITORS = ['198.51.100.4', '198.51.100.9', '203.0.113.5'];

const scene = new Scene();

/** A DNS header with the given QR bit, then filler. */
function dns(answer: boolean, length: number): Uint8Array {
  const message = new Uint8Array(length);
  message[2] = answer ? 0x81 : 0x01;
  message[5] = 1;
  return message;
}

const ntp = (mode: number) => Uint8Array.of(0x20 | mode, ...new Uint8Array(47));

CLIENTS.forEach((client, index) => {
  for (let round = 0; round < 6; round++) {
    const at = 4 + round * 90 + index * 7.3;
    const sport = 49_200 + index * 100 + round;
    scene.ask(at, client, sport, DNS, 53, [dns(false, 34), dns(true, 120)]);
    scene.talk({
      at: at + 0.02,
      client,
      sport,
      server: WEB,
      dport: 443,
      data: [517, 1900, 240, 2200 + 300 * round],
    });
    if (round % 3 === 0)
      scene.talk({
        at: at + 3,
        client,
        sport: sport + 40,
        server: FILES,
        dport: 445,
        data: [180, 220, 400, 6_000],
      });
  }
  scene.ask(9 + index, client, 123, DNS, 123, [ntp(3), ntp(4)]);
  scene.ask(12 + index, client, 138, '10.0.3.255', 138, [201]);
});
VISITORS.forEach((visitor, index) => {
  for (let round = 0; round < 6; round++) {
    scene.talk({
      at: 20 + index * 11 + round * 80,
      client: visitor,
      sport: 40_100 + 13 * round + index,
      server: WEB,
      dport: 80,
      data: [
        'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n',
        'HTTP/1.1 301 Moved Permanently\r\nLocation: https://www.example.com/\r\n\r\n',
      ],
    });
  }
});
scene.talk({
  at: 0.5,
  client: WEB,
  sport: 51_022,
  server: DATABASE,
  dport: 1433,
  data: Array.from({ length: 24 }, (_, index) => 90 + 37 * index),
  older: true,
});
scene.talk({
  at: 61,
  client: '10.0.3.24',
  sport: 50_311,
  server: WEB,
  dport: 22,
  data: ['SSH-2.0-OpenSSH_9.6\r\n', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n', 1200, 1100, 400, 2600],
});
// Somebody looks for open ports: refused by the host, or no answer at all.
[21, 23, 25, 80, 110, 135, 139, 445, 1433, 3306, 3389, 5900, 8080].forEach((dport, index) => {
  const at = 200 + index * 0.05;
  const header = { sport: 61_000, dport, seq: 5_000_000 + index };
  scene.send(at, SCANNER, WEB, tcp({ ...header, flags: 'S', window: 1024 }));
  const back = { sport: dport, dport: 61_000, ack: header.seq + 1 };
  if (dport === 80) {
    scene.send(at + 0.002, WEB, SCANNER, tcp({ ...back, seq: 9_000_000, flags: 'SA' }));
    scene.send(at + 0.03, SCANNER, WEB, tcp({ ...header, seq: header.seq + 1, flags: 'R' }));
  } else if (index % 3 === 0) {
    scene.send(at + 0.002, WEB, SCANNER, tcp({ ...back, seq: 0, flags: 'RA' }));
  }
});
const announcement = udp({ sport: 5353, dport: 5353 }, dns(true, 90));
scene.packets.push({
  microseconds: 33_000_000,
  frame: ether({}, ipv6({ src: 'fe80::1', dst: 'ff02::fb' }, announcement)),
});
for (let round = 0; round < 5; round++) {
  scene.packets.push({
    microseconds: 15_000_000 + round * 100_000_000,
    frame: ether({ dst: 'ff:ff:ff:ff:ff:ff' }, arp({ sender: '10.0.3.21', target: DNS })),
  });
}

const START = 1_767_605_400_000_000n; // 2026-01-05T09:30:00Z

/** The whole file. */
export function smallOffice(): Uint8Array {
  return scene.capture(START, 'mirror0');
}
