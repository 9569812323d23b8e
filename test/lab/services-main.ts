/** Identifies the ports given as `tcp/ADDRESS/PORT` and prints one JSON line each. */
import { identifyDatagram, identifyStream } from '../../src/sources/scan/services/identify.ts';

await Promise.all(
  process.argv.slice(2).map(async (word) => {
    const [transport, address = '', port] = word.split('/');
    const target = { address, port: Number(port) };
    const identity =
      transport === 'udp'
        ? await identifyDatagram(target)
        : await identifyStream(target, undefined);
    process.stdout.write(`${JSON.stringify({ word, ...identity })}\n`);
  }),
);
