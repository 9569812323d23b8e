// Clients of the parity lab: connections that are answered, refused and dropped, and datagrams.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

const SERVER = '10.9.8.2';

/** One connection; ends when the server does, when it is refused, or after a moment. */
function ask(port, localPort, text) {
  return new Promise((resolve) => {
    const socket = connect({ host: SERVER, port, localPort });
    const timer = setTimeout(() => socket.destroy(), 400);
    socket.on('connect', () => setTimeout(() => socket.write(text), 5));
    socket.on('data', () => {});
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function datagram(localPort, text) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = () => {
      socket.close();
      resolve();
    };
    socket.on('message', done);
    socket.bind(localPort, () => setTimeout(() => socket.send(text, 8053, SERVER), 5));
  });
}

for (let index = 0; index < 3; index++) await ask(8081, 51_001 + index, 'hello');
for (let index = 0; index < 2; index++) await ask(8082, 51_011 + index, 'hi');
for (let index = 0; index < 4; index++) await datagram(51_021 + index, 'what');
await ask(8098, 51_031, 'nobody');
await ask(8099, 51_041, 'dropped');
