import { describe, expect, it } from 'vitest';
import { knownProgram } from './programs.ts';

describe('programs by the name they tell', () => {
  it.each<[string, string[], boolean]>([
    ['lighttpd', ['lighttpd.service'], false],
    ['Apache', ['apache2.service', 'httpd.service'], false],
    ['vsFTPd', ['vsftpd.service'], false],
    ['MariaDB', ['mariadb.service'], true],
    ['Knot DNS', ['knot.service'], false],
    ['Tor control port', ['tor@default.service', 'tor.service'], false],
    ['Microsoft-IIS', [], true],
  ])('%s', (name, units, windows) => {
    expect(knownProgram(name)).toEqual({ units, windows });
  });

  it.each(['', 'Apache Tomcat/9', 'nobody knows', 'toString'])('none is %s', (name) => {
    expect(knownProgram(name)).toBeUndefined();
  });
});
