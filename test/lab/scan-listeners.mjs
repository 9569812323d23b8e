/**
 * Listens on TCP ports (first argument) and answers on UDP ports (second), on both families. With
 * a third argument it answers empty datagrams too, and does not end by itself.
 */
import dgram from 'node:dgram';
import net from 'node:net';

const [tcp = '', udp = '', endless] = process.argv.slice(2);
const numbers = (text) => text.split(',').filter(Boolean).map(Number);
let left = 1;
const ready = () => {
  if (--left === 0) process.stdout.write('ready\n');
};
for (const port of numbers(tcp)) {
  left++;
  net
    .createServer((socket) => {
      socket.on('error', () => {});
      socket.end('portreeve lab\r\n');
    })
    .listen({ port, host: '::', backlog: 1000 }, ready);
}
for (const port of numbers(udp)) {
  left++;
  const socket = dgram.createSocket({ type: 'udp6' });
  socket.on('message', (message, peer) => {
    // TFTP answers from a port of its own (RFC 1350 section 4).
    if (message.length === 0 && !endless) return;
    const voice = port === 69 ? dgram.createSocket('udp6') : socket;
    voice.send('answer', peer.port, peer.address, () => {
      if (voice !== socket) voice.close();
    });
  });
  socket.bind({ port, address: '::' }, ready);
}
ready();
if (!endless) setTimeout(() => process.exit(), 600_000);
