/** Every fixture has a `.json` twin with what is read from it; new ones need no code. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderGreppable } from '../../../report/greppable.ts';
import { renderNmapXml } from '../../../report/nmap-xml.ts';
import { readScan, UnknownScanError } from './read-scan.ts';

const FOLDER = fileURLToPath(new URL('./fixtures/', import.meta.url));
const fixtures = readdirSync(FOLDER).filter((name) => !name.endsWith('.expect.json'));

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8');
}

/** Each port that the text says something of; none where it is no scan (yet). */
function portsIn(text: string): string[] {
  try {
    return readScan(text).record.hosts.flatMap(({ address, ports }) =>
      ports.map(({ target, state }) => `${address} ${target.port}/${target.transport} ${state}`),
    );
  } catch (error) {
    if (!(error instanceof UnknownScanError)) throw error;
    return [];
  }
}

describe('scans of other programs', () => {
  it.each(fixtures)('%s', (name) => {
    const twin = join(FOLDER, `${name}.expect.json`);
    const scan = readScan(read(name));
    if (process.env.UPDATE_TWINS === '1' && !existsSync(twin)) {
      writeFileSync(twin, `${JSON.stringify(scan, null, 2)}\n`);
    }
    expect(JSON.parse(JSON.stringify(scan))).toEqual(JSON.parse(readFileSync(twin, 'utf8')));
  });

  it.each(['nmap', 'masscan', 'naabu', 'rustscan'])('has 12 quirks of %s', (scanner) => {
    expect(fixtures.filter((name) => name.startsWith(scanner)).length).toBeGreaterThanOrEqual(12);
  });

  it('survive a way through Nmap XML', () => {
    for (const name of fixtures.filter((each) => each.endsWith('.xml'))) {
      const { record } = readScan(read(name));
      const again = readScan([...renderNmapXml(record)].join('')).record;
      expect(again.hosts, name).toEqual(record.hosts);
      expect(again.asked, name).toEqual(record.asked);
      expect(again.hostsDown, name).toEqual(record.hostsDown);
      expect(again.scanner, name).toBe(record.scanner);
    }
  });

  it.each(['', '\n\n', '\ufeff'])('that are empty found nothing (%j)', (text) => {
    expect(readScan(text).record.hosts).toEqual([]);
  });

  it.each(['hello', '%PDF-1.7', '{"a": 1}', 'a,b,c\n1,2,3'])('refuses %j', (text) => {
    expect(() => readScan(text)).toThrow(UnknownScanError);
  });

  it.each([
    [
      '# Nmap 7.93 scan initiated Mon Nov 23\nNmap scan report for 192.0.2.1\n22/tcp open ssh\n',
      /-oN/,
    ],
    ['Starting Nmap 7.93 ( https://nmap.org )\nNmap scan report for 192.0.2.1\n', /-oN/],
    ['masscan/1.1\ns:1767225600\n\u0000\u0000', /--readscan/],
  ])('refuses %j with a way out', (text, message) => {
    expect(() => readScan(text)).toThrow(message);
  });

  it('of our own in greppable form keep which ports were asked', () => {
    const { record } = readScan(
      '# portreeve 1 scan initiated Mon, 23 Nov 2026 03:07:02 GMT as: portreeve scan\n' +
        '# Ports scanned: TCP(3;22,80-81) UDP(0;) SCTP(0;)\n' +
        'Host: 192.0.2.1 ()\tStatus: Up\n' +
        'Host: 192.0.2.1 ()\tPorts: 22/open/tcp//ssh///\tIgnored State: closed (2)\n',
    );
    expect(record.asked).toEqual([{ transport: 'tcp', ports: '22,80-81' }]);
    expect(record.hosts).toMatchObject([{ address: '192.0.2.1', status: 'up', ports: [{}] }]);
    expect(readScan([...renderGreppable(record)].join('')).record.hosts).toEqual(record.hosts);
  });

  it('keep what is whole wherever the file is cut', () => {
    let total = 0;
    for (const name of fixtures) {
      const text = read(name);
      const all = new Set(portsIn(text));
      let kept = 0;
      for (let end = 0; end < text.length; end += 7) {
        // A number cut short is another number: what it names is not in the whole.
        const whole = portsIn(text.slice(0, end)).filter((port) => all.has(port)).length;
        expect(whole, `${name} up to ${end}`).toBeGreaterThanOrEqual(kept);
        kept = whole;
      }
      total += kept;
    }
    expect(total).toBeGreaterThan(50);
  });

  it('never throw anything else at hostile text', () => {
    const pieces = fc.constantFrom(
      '<nmaprun scanner="nmap">',
      '<host>',
      '</host>',
      '<port portid="',
      '"/>',
      '<address addr="192.0.2.1"/>',
      '{"ip":"192.0.2.1","ports":[',
      '{"port":80}',
      ']}',
      '"',
      '\\',
      '\n',
      'open tcp 1 192.0.2.1 1',
      '\t',
      'Host: 192.0.2.1 ()',
      'Ports: 1/open/tcp//',
      'Open 192.0.2.1:1',
      ' -> [1,',
      '&#0;',
      '&lol;',
      '\u0000',
      '{{{{',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (list) => {
        try {
          readScan(list.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownScanError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('take time in proportion to the text', () => {
    const deep = '{"ip":'.repeat(50_000);
    expect(readScan(`[{"ports":${deep}`).faults.length).toBeGreaterThan(0);
    expect(readScan(`<nmaprun>${'<host>'.repeat(50_000)}`).faults.length).toBeGreaterThan(0);
    expect(readScan(`Host: 192.0.2.1 ()\tPorts: ${' , '.repeat(50_000)}`).record.hosts.length).toBe(
      1,
    );
    expect(readScan(`{"ports":${' '.repeat(200_000)}}`).record.hosts.length).toBe(0);
  });
});
