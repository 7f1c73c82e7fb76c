import { toLinktorError } from '../../lib/errors';
import { fenced } from './fence';
import type { Done, Msg, RunningNode, Send } from './red';

/**
 * Register the input listener of a node; no other code does. Only Node-RED's own send or done can fail here: such an
 * error is logged, because an unhandled rejection would end the process.
 * @param flights gets the messages in flight
 */
export function onMessage(
  node: RunningNode,
  work: (msg: Msg, send: Send, done: Done) => Promise<void>,
  flights?: Set<Promise<void>>,
): void {
  node.on('input', (msg, send, done) => {
    const landed = () => {
      flights?.delete(flight);
    };
    const flight: Promise<void> = work(msg, send, done).then(landed, (thrown: unknown) => {
      landed();
      fenced((problem: Error) => node.error(problem))(toLinktorError(thrown));
    });
    flights?.add(flight);
  });
}

/**
 * Return a generator of message ids in Node-RED's format, 16 hexadecimal digits. Node-RED keeps an existing id;
 * generating one itself takes ten times as long.
 */
export function messageNames(): () => string {
  let count = 0;
  let stem = '';
  /** the stem, and all digits of the number but the last two */
  let beginning = '';
  return () => {
    if (count === 0) stem = hexadecimal(Math.floor(Math.random() * 0x10000000000), 10);
    const last = count % LAST_DIGITS.length;
    if (last === 0) beginning = stem + hexadecimal(count / LAST_DIGITS.length, 4);
    count = (count + 1) % 0x1000000;
    return beginning + LAST_DIGITS[last];
  };
}

/** The two last digits of a number. */
const LAST_DIGITS: readonly string[] = Array.from({ length: 256 }, (_, figure) => hexadecimal(figure, 2));

function hexadecimal(figure: number, digits: number): string {
  return figure.toString(16).padStart(digits, '0');
}

/** A message for one output. */
export function toPort(port: number, msg: Msg): (Msg | null)[] {
  return [...Array<null>(port).fill(null), msg];
}
