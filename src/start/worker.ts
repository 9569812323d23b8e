/**
 * The file that a worker thread is started with: loads the worker's program, which its first
 * argument names, with what earlier runs compiled of it. Compiling it anew would take longer than
 * starting the thread does. The program does its work when it is loaded; `handOver` sends what came of
 * it, after which the process may end at any time.
 */
import { KeptCode } from './kept-code.ts';

const program = process.argv[2]!;
const code = new KeptCode(__dirname, program);
const { handOver } = code.load(`${program}.js`) as { handOver: () => void };
code.keep();
handOver();
