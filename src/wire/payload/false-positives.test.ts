/**
 * Ten megabytes of random octets and of texts of many kinds, in pieces of many lengths as packets
 * cut them: no detector may be certain of any, and none may be believed on ports that are nobody's.
 */
import { describe, expect, it } from 'vitest';
import { CONVERSATION, KINDS, payloadsOf, RANDOM } from '../../../test/builders/no-protocol.ts';
import { payloadOf } from '../../../test/builders/payload.ts';
import { DETECTORS } from './detectors.ts';
import { Identifier, TENTATIVE } from './identify.ts';
import { CERTAIN, type Detector, LIKELY } from './payload.ts';

const MEGABYTE = 1 << 20;
/** Another seed makes other ten megabytes. */
const { PORTREEVE_SEED } = process.env;
const SEED = Number(PORTREEVE_SEED ?? 20_261_122);
/** Share of other payloads that may look like a protocol when they are shown on its own port. */
const RARELY = 1 / 30;
const RANDOM_RARELY = 1 / 300;
/** All kinds together are ten megabytes: one of random octets, the rest in equal parts. */
const PART = Math.floor((9 * MEGABYTE) / (KINDS.length - 1));
const ALL = 65_535;
/** Over which transports, and how much was captured: 54 octets are what 96 leave behind headers. */
const SHOWINGS = [
  [6, ALL],
  [17, ALL],
  [132, ALL],
  [6, 54],
  [17, 54],
] as const;
/** Of each kind, one payload of so many is shown to a detector that would not be asked. */
const FEW = 8;

/** Every detector over every transport that it is asked over. */
function overTransports(): [detector: Detector, transport: number][] {
  return DETECTORS.flatMap((detector) =>
    detector.transports.map((transport): [Detector, number] => [detector, transport]),
  );
}

/** To the protocol's own port, from it, or between two of it, in turns. */
function endsOf(
  { ports: [port = 5004] }: Detector,
  turn: number,
): { sport: number; dport: number } {
  const [sport, dport] = [[40_000, port] as const, [port, 40_000] as const, [port, port] as const][
    turn % 3
  ]!;
  return { sport, dport };
}

/** The beginning of a payload, for people. */
function shown(piece: Uint8Array): string {
  const begin = Buffer.from(piece.subarray(0, 40));
  return `${piece.length} octets, ${begin.toString('hex')}, ${JSON.stringify(begin.toString('latin1'))}`;
}

describe.each(KINDS)('%s', (kind) => {
  const payloads = payloadsOf(kind, SEED, kind === RANDOM ? MEGABYTE : PART);

  it.each(SHOWINGS)(
    'are no protocol over IP protocol %i, cut to %i octets or fewer',
    (transport, most) => {
      const identifier = new Identifier();
      const mistakes: string[] = [];
      let before = -1;
      payloads.forEach((whole, index) => {
        if (index % CONVERSATION === 0) before = -1;
        const piece = whole.length > most ? whole.subarray(0, most) : whole;
        const fields = { transport, sport: 61_000, dport: 61_001, length: whole.length };
        const payload = payloadOf(piece, fields);
        const found = identifier.identify(payload, before);
        if (found === 0) return;
        if ((found & TENTATIVE) === 0) {
          const { protocol } = DETECTORS[identifier.protocol]!;
          mistakes.push(`${protocol}: ${shown(piece)}`);
        } else before = identifier.protocol;
      });
      expect(mistakes).toEqual([]);
    },
  );

  it('make no detector certain, whatever the ports', () => {
    const mistakes: string[] = [];
    overTransports().forEach(([detector, transport], which) => {
      for (let index = which % FEW; index < payloads.length; index += FEW) {
        const piece = payloads[index]!;
        if (detector.begins?.includes(piece[0]!) === false) continue;
        const turn = Math.floor(index / FEW);
        const payload = payloadOf(piece, { transport, ...endsOf(detector, turn) });
        if ((detector.detect(payload) & CERTAIN) === 0) continue;
        mistakes.push(`${detector.protocol}: ${shown(piece)}`);
      }
    });
    expect(mistakes).toEqual([]);
  });

  it('seldom look like a protocol on its own port', () => {
    // Of what is rare, more must be looked at.
    const step = kind === RANDOM ? 1 : FEW;
    const looked = Math.ceil(payloads.length / step);
    const most = looked * (kind === RANDOM ? RANDOM_RARELY : RARELY);
    const often: string[] = [];
    for (const [detector, transport] of overTransports()) {
      let likely = 0;
      for (let index = 0; index < payloads.length; index += step) {
        const piece = payloads[index]!;
        if (detector.begins?.includes(piece[0]!) === false) continue;
        const turn = Math.floor(index / step);
        const payload = payloadOf(piece, { transport, ...endsOf(detector, turn) });
        if ((detector.detect(payload) & LIKELY) !== 0) likely++;
      }
      if (likely > most) often.push(`${detector.protocol}: ${likely} of ${looked}`);
    }
    expect(often).toEqual([]);
  });
});
