// Servers of the parity lab: two TCP services that answer, and one of UDP. Says `ready` once it listens.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

for (const port of [8081, 8082]) {
  createServer((socket) => {
    socket.on('data', (bytes) => socket.end(Buffer.alloc(port === 8081 ? 3000 : 10, bytes[0])));
    socket.on('error', () => {});
  }).listen(port, '10.9.8.2');
}
const echo = createSocket('udp4');
echo.on('message', (bytes, from) =>
  echo.send(Buffer.concat([bytes, bytes]), from.port, from.address),
);
echo.bind(8053, '10.9.8.2', () => setTimeout(() => process.stdout.write('ready\n'), 100));
