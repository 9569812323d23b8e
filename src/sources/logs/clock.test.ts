import { describe, expect, it } from 'vitest';
import { AddressPool } from '../../net/address-pool.ts';
import { Clock, daysFromCivil } from './clock.ts';
import { Scan } from './scan.ts';

const NOW = Date.UTC(2026, 10, 22, 12);

function read(text: string, clock = new Clock(NOW, 0)): { iso: string; rest: string } | undefined {
  const scan = new Scan(new AddressPool());
  const bytes = new TextEncoder().encode(text);
  scan.aim(bytes, 0, bytes.length);
  if (!clock.stamp(scan)) return undefined;
  return { iso: new Date(clock.timeMs).toISOString(), rest: text.slice(scan.at) };
}

describe('stamps', () => {
  it.each([
    ['Oct  3 10:00:01 gw', '2026-10-03T10:00:01.000Z', ' gw'],
    ['Oct 3 10:00:01 gw', '2026-10-03T10:00:01.000Z', ' gw'],
    ['Nov 22 11:59:59.987 gw', '2026-11-22T11:59:59.987Z', ' gw'],
    ['Dec 25 10:00:01 gw', '2025-12-25T10:00:01.000Z', ' gw'],
    ['Oct 03 2024 10:00:01: %ASA', '2024-10-03T10:00:01.000Z', ': %ASA'],
    ['Oct  3 10:00:01.123 UTC: %SEC', '2026-10-03T10:00:01.123Z', ': %SEC'],
    ['Sat Oct  3 10:00:01 2026', '2026-10-03T10:00:01.000Z', ''],
    ['2026-10-03T10:00:01Z x', '2026-10-03T10:00:01.000Z', ' x'],
    ['2026-10-03T10:00:01.5+02:00 x', '2026-10-03T08:00:01.500Z', ' x'],
    ['2026-10-03T10:00:01-0330 x', '2026-10-03T13:30:01.000Z', ' x'],
    ['2026/10/03 10:00:01,x', '2026-10-03T10:00:01.000Z', ',x'],
    ['2026-10-03 10:00:01,250 x', '2026-10-03T10:00:01.250Z', ' x'],
    ['1790000000.25 x', '2026-09-21T14:13:20.250Z', ' x'],
    ['Feb 29 10:00:01 gw', '2024-02-29T10:00:01.000Z', ' gw'],
    ['Sat Oct  3 10:00:01 2026 kern.warn', '2026-10-03T10:00:01.000Z', ' kern.warn'],
    ['Oct  3 10:00:01 2026 kern.warn', '2026-10-03T10:00:01.000Z', ' 2026 kern.warn'],
    ['oct/03/2026 10:00:01 firewall', '2026-10-03T10:00:01.000Z', ' firewall'],
    ['2026:10:03-10:00:01 utm', '2026-10-03T10:00:01.000Z', ' utm'],
    ['1790000000250 x', '2026-09-21T14:13:20.250Z', ' x'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z', ''],
  ])('%s', (text, iso, rest) => {
    expect(read(text)).toEqual({ iso, rest });
  });

  it.each([
    ...['Okt  3 10:00:01 gw', 'Oct 32 10:00:01 gw', 'Oct  3 24:00:01 gw', 'Oct  3 1:00:01 gw'],
    ...['2026-13-03T10:00:01Z', '2026-10-03', '10.0.0.1 host name of some length', 'Oct', '', '17'],
    ...['oct/32/2026 10:00:01 firewall', 'xyz/03/2026 10:00:01 firewall', '179000000025 x'],
  ])('%s is none', (text) => {
    expect(read(text)).toBeUndefined();
  });

  it('count what they lack, and take the zone they are told', () => {
    const clock = new Clock(NOW, 3_600_000);
    expect(read('Oct  3 10:00:01 x', clock)?.iso).toBe('2026-10-03T09:00:01.000Z');
    read('2026-10-03T10:00:01Z', clock);
    expect(clock).toMatchObject({ withoutYear: 1, withoutZone: 1 });
  });

  it('leave the years of others alone when a clock is wrong', () => {
    const clock = new Clock(NOW, 0);
    const days = ['Nov 21', 'Dec 25', 'Nov 21', 'Mar  1', 'Nov 22', 'Mar  1', 'Nov 22'];
    const years = days.map((day) => read(`${day} 00:00:00 x`, clock)?.iso.slice(0, 4));
    expect(years).toEqual(['2026', '2025', '2026', '2026', '2026', '2026', '2026']);
  });

  it('go on into the next year, and back for a line that is late', () => {
    const clock = new Clock(NOW, 0);
    const years = ['Dec 31', 'Jan  1', 'Dec 31', 'Jan  1', 'Nov 22', 'Nov 24'].map((day) =>
      read(`${day} 00:00:00 x`, clock)?.iso.slice(0, 4),
    );
    expect(years).toEqual(['2025', '2026', '2025', '2026', '2026', '2026']);
  });
});

it('counts days as the calendar does', () => {
  for (let timeMs = 0; timeMs < 4e12; timeMs += 86_400_000 * 37) {
    const date = new Date(timeMs);
    const days = daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
    expect(days).toBe(timeMs / 86_400_000);
  }
});
