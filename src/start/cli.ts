#!/usr/bin/env node
/**
 * The file that is started: loads the command line (`src/cli/main.ts`, bundled beside it) with
 * what earlier runs compiled of it.
 */
import { setFlagsFromString } from 'node:v8';
import { KeptCode } from './kept-code.ts';

/**
 * Commands whose garbage is collected in a millisecond or two. With threads to help, the program waits
 * for them each time, up to 100 ms where other programs keep the processors busy.
 */
const BRIEF = /^(?:|sockets|surface|compare)$/;
/** The last version of Node.js of which it is known that it has the setting. */
const LAST_KNOWN_NODE = 24;
/**
 * They end before what V8 optimises on other threads is of use to them, so that it should begin later
 * (15 times its budget). Only this version has the setting under that name and needs it.
 */
const EAGER_NODE = 20;

/** Options after which a run says little about others. */
const ASKS_FOR_HELP = /^(?:-h|--help|-V|--version)$/;

/** The answer came, with or without findings, or was incomplete. */
const ANSWERED = new Set([0, 1, 5]);

const [command = ''] = process.argv.slice(2);
// Before anything is compiled: what was compiled with other settings is of no use.
const version = Number.parseInt(process.versions.node, 10);
if (BRIEF.test(command) && version <= LAST_KNOWN_NODE) {
  setFlagsFromString('--no-parallel-scavenge');
  if (version === EAGER_NODE) setFlagsFromString('--interrupt-budget=1000000');
}
const code = new KeptCode(__dirname, /^[a-z]{1,20}$/.test(command) ? command : 'default');

process.on('exit', (exitCode) => {
  if (!ANSWERED.has(exitCode)) return;
  if (!process.argv.some((word) => ASKS_FOR_HELP.test(word))) code.keep();
});
code.load('main.js');
