/** The direction ladder where the opening of a connection, or what was known before, decides. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  flowsOf,
  ip,
  type Step,
  step,
  tcpTalk,
  udpTalk,
} from '../../test/builders/conversation.ts';
import {
  ANSWER,
  ASK,
  CLIENT,
  DNS,
  decided,
  knows,
  SERVER,
  said,
} from '../../test/builders/decided.ts';
import {
  abortChunk,
  dataChunk,
  dccp,
  initAckChunk,
  initChunk,
  sctp,
} from '../../test/builders/packet.ts';
import type { KnownServices } from './direction.ts';

describe('TCP handshakes', () => {
  it.each<[string, string, string[]]>([
    ['a SYN alone', `${CLIENT} syn certain`, ['> S 100']],
    ['a SYN refused', `${CLIENT} syn certain`, ['> S 100', '< RA 0 101']],
    ['SYN and SYN-ACK', `${CLIENT} syn certain`, ['> S 100', '< SA 500 101']],
    [
      'the client side alone',
      `${CLIENT} syn certain`,
      ['> S 100', '> A 101 501', '> PA 101 501 +5'],
    ],
    [
      'a SYN that the other end talks past',
      `${CLIENT} syn likely`,
      ['> S 100', '< PA 700 300 +9', '> A 300 709'],
    ],
    [
      'SYN-ACK captured before SYN',
      `${CLIENT} syn certain`,
      ['< SA 500 101', '> S 100', '> A 101 501'],
    ],
    ['a SYN-ACK alone', `${CLIENT} syn-ack likely`, ['< SA 500 101']],
    ['a SYN-ACK answered by RST', `${CLIENT} syn-ack likely`, ['< SA 500 101', '> R 101']],
    ['a SYN-ACK, acknowledged', `${CLIENT} syn-ack certain`, ['< SA 500 101', '> A 101 501']],
    ['the server side alone', `${CLIENT} syn-ack likely`, ['< SA 500 101', '< PA 501 120 +9']],
    [
      'a stray SYN-ACK of the client in mid-stream',
      `${SERVER} syn-ack likely`,
      ['> PA 101 501 +5', '< A 501 106', '> SA 90000 501', '< PA 501 106 +5'],
    ],
    [
      'both ends open at once',
      `${CLIENT} syn likely`,
      ['> S 100', '< S 500', '> SA 100 501', '< SA 500 101', '> A 101 501'],
    ],
    [
      'a server that answers with a SYN of its own',
      `${CLIENT} syn likely`,
      ['> S 100', '< S 500', '> SA 100 501', '< A 501 101'],
    ],
    [
      'the same, after it acknowledged the SYN',
      `${CLIENT} syn likely`,
      ['> S 100', '< A 1 101', '< S 500', '> SA 100 501', '< A 501 101'],
    ],
    ['SYN with FIN is none', '192.0.2.1:40000 first-packet unknown', ['> SF 100']],
  ])('%s: %s', (_, expected, lines) => {
    const server = lines[0] === '> SF 100' ? '198.51.100.2:8080' : SERVER;
    expect(decided(tcpTalk(lines, { server }))).toBe(expected);
  });

  it('a SYN outweighs a message, a known service and ports', () => {
    const lines = ['> S 100', '< SA 500 101', '> A 101 501'];
    const steps = tcpTalk(lines, { client: '192.0.2.1:80', server: '198.51.100.2:50000' });
    expect(decided(steps, knows(['192.0.2.1', 80]))).toBe('192.0.2.1:80 syn certain');
  });
});

describe('SCTP and DCCP openings', () => {
  const sctpStep = (fromClient: boolean, chunk: Uint8Array): Step => {
    const [from, to] = fromClient ? [1, 2] : [2, 1];
    const ports = fromClient ? { sport: 50001, dport: 3868 } : { sport: 3868, dport: 50001 };
    return step(ip(`192.0.2.${from}`, `192.0.2.${to}`, sctp(ports, chunk)));
  };
  it.each<[string, string, Step[]]>([
    ['INIT', '192.0.2.1:50001 init certain', [sctpStep(true, initChunk())]],
    ['INIT ACK alone', '192.0.2.1:50001 init likely', [sctpStep(false, initAckChunk())]],
    [
      'INIT ACK and data',
      '192.0.2.1:50001 init certain',
      [sctpStep(false, initAckChunk()), sctpStep(true, dataChunk({}, 'x'))],
    ],
    [
      'both ends INIT',
      '192.0.2.1:50001 port-class likely',
      [sctpStep(false, initChunk()), sctpStep(true, initChunk())],
    ],
  ])('%s: %s', (_, expected, steps) => expect(decided(steps)).toBe(expected));

  it('a DCCP request and its response', () => {
    const request = step(ip('192.0.2.1', '192.0.2.2', dccp({ type: 'request' })));
    const response = step(
      ip('192.0.2.2', '192.0.2.1', dccp({ sport: 5001, dport: 40000, type: 'response' })),
    );
    expect(decided([request, response])).toBe('192.0.2.1:40000 init certain');
    expect(decided([response])).toBe('192.0.2.1:40000 init likely');
  });

  it('an ABORT is no service', () => {
    const other = sctp({ sport: 3868, dport: 50009 }, dataChunk({}, 'x'));
    const third = step(ip('192.0.2.2', '192.0.2.7', other), 1);
    const refused = [sctpStep(true, initChunk()), sctpStep(false, abortChunk()), third];
    expect(said(flowsOf(refused)[1]!)).toBe('192.0.2.7:50009 port-class likely');
    const taken = [sctpStep(true, initChunk()), sctpStep(false, initAckChunk()), third];
    expect(said(flowsOf(taken)[1]!)).toBe('192.0.2.7:50009 learned-service likely');
  });
});

describe('services known before', () => {
  it.each<[string, string, Step[], KnownServices]>([
    [
      'a listener, in mid-stream',
      '198.51.100.2:80 known-service certain',
      tcpTalk(['> A 1 1', '< A 1 1']),
      knows(['192.0.2.1', 40000]),
    ],
    [
      'a bound UDP socket',
      '198.51.100.2:9999 known-service likely',
      udpTalk(['> +5', '< +5']),
      knows(['192.0.2.1', 40000]),
    ],
    [
      'a bound resolver against its query',
      `${CLIENT} message certain`,
      udpTalk([`> ${ASK}`, `< ${ANSWER}`], DNS),
      knows(['192.0.2.1', 40000]),
    ],
    [
      'a name server that its query agrees with',
      `${CLIENT} known-service certain`,
      udpTalk([`> ${ASK}`, `< ${ANSWER}`], DNS),
      knows(['198.51.100.53', 53]),
    ],
    [
      'both ends known',
      '192.0.2.1:40000 first-packet unknown',
      tcpTalk(['> A 1 1'], { server: '198.51.100.2:8080' }),
      knows(['192.0.2.1', 40000], ['198.51.100.2', 8080]),
    ],
  ])('%s: %s', (_, expected, steps, known) => expect(decided(steps, known)).toBe(expected));
});

it('is certain only when a handshake says so, over TCP', () => {
  const flags = fc.constantFrom('S', 'SA', 'A', 'PA', 'FA', 'R', 'RA', 'SF', '-');
  const line = fc
    .tuple(fc.constantFrom('>', '<'), flags, fc.nat(5), fc.nat(5), fc.nat(2))
    .map(([way, flag, seq, ack, size]) => `${way} ${flag} ${seq} ${ack} +${size}`);
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 8 }), (lines) => {
      for (const flow of flowsOf(tcpTalk(lines))) {
        if (flow.direction.confidence !== 'certain') continue;
        expect(['syn', 'syn-ack']).toContain(flow.direction.reason);
        // The named opener sent a SYN, or the other end a SYN-ACK that was taken up.
        const history = flow.history.replace('^', '');
        expect(/S|h/.test(history)).toBe(true);
        expect(/s/.test(history)).toBe(false);
      }
    }),
    { numRuns: 2000 },
  );
});
