/**
 * Thirty TCP ports of all kinds for trials of `scan --services`: some greet, some answer HTTP, some
 * send back what they get, some say nothing for ever. `node scan-servers.mjs FIRST` listens on FIRST
 * and the 29 ports after it.
 */
import net from 'node:net';

const first = Number(process.argv[2] ?? 20_000);
const GREETINGS = [
  'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n',
  '220 mail.example ESMTP Postfix\r\n',
  '220 (vsFTPd 3.0.3)\r\n',
  '+OK Dovecot ready.\r\n',
  '* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n',
];
const PAGE = 'HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nContent-Length: 2\r\n\r\nok';

function serve(index, socket) {
  socket.on('error', () => {});
  const kind = index % 6;
  if (kind < 2) socket.write(GREETINGS[index % GREETINGS.length]);
  else if (kind < 4) socket.on('data', () => socket.end(PAGE));
  else if (kind === 4) socket.on('data', (octets) => socket.write(octets));
  else socket.on('data', () => {});
}

let left = 30;
for (let index = 0; index < 30; index++) {
  const server = net.createServer((socket) => serve(index, socket));
  server.listen(first + index, '::', () => {
    if (--left === 0) process.stdout.write('ready\n');
  });
}
