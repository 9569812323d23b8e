/** What the unit files of this machine say, for those who tell how to close a port. */
export { unitTies } from '../sources/systemd/unit-ties.ts';
