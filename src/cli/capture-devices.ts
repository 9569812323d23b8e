/** Interfaces that may be captured from, listed for `-D`. */
import { type CaptureEngine, type KnownInterface, knownInterfaces } from '../pipeline/live.ts';
import { printable } from '../report/escape.ts';
import { liveFailure } from './open-interfaces.ts';

/** Writes them to standard output. Throws `Failure`. */
export function listDevices(engine: CaptureEngine | undefined): void {
  let known: KnownInterface[];
  try {
    known = knownInterfaces(engine);
  } catch (error) {
    throw liveFailure(error, []);
  }
  for (const [index, { name, up, loopback, carrier, description }] of known.entries()) {
    const states = [
      up ? 'up' : 'down',
      ...(carrier ? ['running'] : []),
      ...(loopback ? ['loopback'] : []),
    ];
    const all = name === 'any' ? 'all of them at once' : states.join(', ');
    const words = description === undefined ? '' : ` (${description})`;
    process.stdout.write(`${printable(`${index + 1}.${name}${words} [${all}]`)}\n`);
  }
}
