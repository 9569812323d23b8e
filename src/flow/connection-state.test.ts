/** States and histories of whole TCP connections, as Zeek would give them. */
import { describe, expect, it } from 'vitest';
import { flowsOf, tcpTalk, udpTalk } from '../../test/builders/conversation.ts';

const OPEN = ['> S 100', '< SA 500 101', '> A 101 501'];
const DATA = ['> PA 101 501 +10', '< A 501 111', '< PA 501 111 +20', '> A 111 521'];

describe('connection states', () => {
  it.each<[string, string, string, string[]]>([
    ['attempt unanswered', 'S0', 'S', ['> S 100']],
    ['attempt repeated', 'S0', 'S', ['0 > S 100', '1 > S 100', '3 > S 100']],
    ['established', 'S1', 'ShA', OPEN],
    ['established with data', 'S1', 'ShADad', [...OPEN, ...DATA]],
    [
      'closed by both, client first',
      'SF',
      'ShADadFf',
      [...OPEN, ...DATA, '> FA 111 521', '< FA 521 112', '> A 112 522'],
    ],
    [
      'closed by both, server first',
      'SF',
      'ShAfFa',
      [...OPEN, '< FA 501 101', '> FA 101 502', '< A 502 102'],
    ],
    ['refused', 'REJ', 'Sr', ['> S 100', '< RA 0 101']],
    ['closed by the client only', 'S2', 'ShAF', [...OPEN, '> FA 101 501']],
    ['closed by the client, acknowledged', 'S2', 'ShAFa', [...OPEN, '> FA 101 501', '< A 501 102']],
    ['closed by the server only', 'S3', 'ShAf', [...OPEN, '< FA 501 101']],
    ['reset by the client', 'RSTO', 'ShAR', [...OPEN, '> RA 101 501']],
    ['reset by the server', 'RSTR', 'ShAr', [...OPEN, '< RA 501 101']],
    ['reset by the server after data', 'RSTR', 'ShADadr', [...OPEN, ...DATA, '< R 521']],
    ['attempt taken back', 'RSTOS0', 'SR', ['> S 100', '> R 101']],
    ['half-open scan of an open port', 'RSTO', 'ShR', ['> S 100', '< SA 500 101', '> R 101']],
    ['half-open scan seen from its target alone', 'RSTRH', '^hr', ['< SA 500 101', '< R 501 0']],
    ['SYN and FIN without an answer', 'SH', 'SF', ['> S 100', '> FA 101 1']],
    ['answers alone, closed', 'SHR', '^haf', ['< SA 500 101', '< A 501 111', '< FA 501 111']],
    ['answers alone, not closed', 'OTH', '^h', ['< SA 500 101']],
    ['in mid-stream', 'OTH', 'Aa', ['> A 101 501', '< A 501 101']],
    ['in mid-stream with data', 'OTH', 'Da', ['> PA 101 501 +10', '< A 501 111']],
    ['a RST alone', 'OTH', 'R', ['> R 101']],
    ['a FIN scan answered by RST', 'RSTR', 'Fr', ['> F 101', '< RA 0 102']],
    ['flags that no stack sends', 'SH', 'Q', ['> SF 100']],
    ['FIN with RST', 'RSTO', 'ShAI', [...OPEN, '> FRA 101 501']],
    ['no flags at all', 'OTH', '', ['> - 100']],
  ])('%s: %s %s', (_, state, history, lines) => {
    const flows = flowsOf(tcpTalk(lines));
    expect(flows.map((flow) => [flow.state, flow.history])).toEqual([[state, history]]);
  });

  it.each<[string, string, string, string[]]>([
    ['answered', 'SF', 'Dd', ['> +10', '< +20']],
    ['unanswered', 'S0', 'D', ['> +10', '> +10']],
  ])('UDP %s: %s %s', (_, state, history, lines) => {
    const [flow] = flowsOf(udpTalk(lines));
    expect([flow!.state, flow!.history]).toEqual([state, history]);
  });
});
