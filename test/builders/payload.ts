/**
 * Payload detectors under test: fixtures are octets with what a detector should say of them. Every
 * fixture is also shown cut at every length, once flush with the end of its buffer and once before
 * octets of something else; both must say the same, or the detector reads what is not its payload.
 */
import { expect, it } from 'vitest';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detector,
  LIKELY,
  Payload,
} from '../../src/wire/payload/payload.ts';
import { octets } from './bytes.ts';

export interface PayloadCase {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  /** Default 6, TCP. */
  readonly transport?: number;
  readonly sport?: number;
  readonly dport?: number;
  /** Octets of the whole payload when only a part of it was captured. */
  readonly length?: number;
  readonly fromServer?: boolean;
  /** `certain asks`, `likely answers`, `certain`, `no` … */
  readonly is: string;
  /** Lines such as `version = 3.3`, `sni example.org of destination`, `expect ftp-data at source 2000`. */
  readonly facts?: readonly string[];
}

/** A payload over exactly these octets, or with `after` behind them in the same buffer. */
export function payloadOf(
  given: Uint8Array | string,
  fields: Partial<Omit<PayloadCase, 'bytes' | 'facts' | 'is' | 'name'>> = {},
  after = 0,
): Payload {
  const bytes = octets(given);
  const before = 3;
  const buffer = new Uint8Array(before + bytes.length + after).fill(0x41);
  buffer.set(bytes, before);
  const payload = new Payload();
  payload.bytes = buffer;
  payload.view = new DataView(buffer.buffer);
  payload.at = before;
  payload.end = before + bytes.length;
  payload.length = Math.max(fields.length ?? 0, bytes.length);
  payload.transport = fields.transport ?? 6;
  payload.sourcePort = fields.sport ?? 40_000;
  payload.destinationPort = fields.dport ?? 40_001;
  payload.fromServer = fields.fromServer ?? false;
  return payload;
}

/** What a detector says, in words. */
export function saidOf(detector: Detector, payload: Payload): string {
  const first = payload.bytes[payload.at];
  if (payload.end <= payload.at || first === undefined) return 'no';
  const overTcp = payload.transport === 6 ? detector.beginsOverTcp : undefined;
  const begins = overTcp ?? detector.begins;
  if (begins !== undefined && !begins.includes(first)) return 'no';
  const said = detector.detect(payload);
  if (said === 0) return 'no';
  const words = [
    (said & CERTAIN) !== 0 ? 'certain' : (said & LIKELY) !== 0 ? 'likely' : `? ${said}`,
    ...((said & ASKS) !== 0 ? ['asks'] : []),
    ...((said & ANSWERS) !== 0 ? ['answers'] : []),
  ];
  return words.join(' ');
}

/** What a detector reads from a payload, a line each. */
export function factsOf(detector: Detector, payload: Payload): string[] {
  expect(detector.wants?.(payload) ?? 0).toBeGreaterThanOrEqual(0);
  const lines: string[] = [];
  const whom = (about: string | Uint8Array): string =>
    typeof about === 'string' ? about : about.join('.');
  detector.facts?.(payload, {
    service: (key, value) => lines.push(`${key} = ${value}`),
    name: (kind, value, about) => lines.push(`${kind} ${value} of ${whom(about)}`),
    expect: (protocol, about, port) => lines.push(`expect ${protocol} at ${whom(about)} ${port}`),
  });
  return lines;
}

/** Tests a detector with its fixtures. */
export function testDetector(detector: Detector, cases: readonly PayloadCase[]): void {
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(saidOf(detector, payloadOf(each.bytes, each))).toBe(each.is);
    if (each.is !== 'no') {
      expect(factsOf(detector, payloadOf(each.bytes, each))).toEqual(each.facts ?? []);
    }
  });

  it('has three fixtures that it knows', () => {
    expect(cases.filter(({ is }) => is !== 'no').length).toBeGreaterThanOrEqual(3);
  });

  const { beginsOverTcp } = detector;
  if (beginsOverTcp !== undefined) {
    it('knows nothing over TCP that begins otherwise', () => {
      for (const each of cases) {
        const bytes = octets(each.bytes).slice();
        for (let first = 0; first < 256; first++) {
          bytes[0] = first;
          const said = detector.detect(payloadOf(bytes, { ...each, transport: 6 }));
          if (said !== 0) expect(beginsOverTcp, each.name).toContain(first);
        }
      }
    });
  }

  it('reads nothing beyond the octets captured', () => {
    for (const each of cases) {
      const whole = octets(each.bytes);
      for (let length = 0; length < whole.length; length++) {
        const cut = whole.slice(0, length);
        const fields = { ...each, length: whole.length };
        const flush = payloadOf(cut, fields);
        const followed = payloadOf(cut, fields, 300);
        const said = saidOf(detector, flush);
        expect(saidOf(detector, followed), `${each.name} cut to ${length}`).toBe(said);
        if (said === 'no') continue;
        expect(factsOf(detector, followed), `${each.name} cut to ${length}`).toEqual(
          factsOf(detector, flush),
        );
      }
    }
  });
}
