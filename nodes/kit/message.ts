import { toLinktorError } from '../../lib/errors';
import { fenced } from './fence';
import type { Done, Msg, RunningNode, Send } from './red';

/**
 * The only place that listens to messages. What fails here is Node-RED's own send or done; it is logged, for a
 * rejection that nobody handles would end the whole process.
 * @returns the messages at work
 */
export function onMessage(
  node: RunningNode,
  work: (msg: Msg, send: Send, done: Done) => Promise<void>,
): ReadonlySet<Promise<void>> {
  const flights = new Set<Promise<void>>();
  const log = fenced((problem: Error) => node.error(problem));
  node.on('input', (msg, send, done) => {
    const landed = () => {
      flights.delete(flight);
    };
    const flight: Promise<void> = work(msg, send, done).then(landed, (thrown: unknown) => {
      landed();
      log(toLinktorError(thrown));
    });
    flights.add(flight);
  });
  return flights;
}

/**
 * Names for messages as Node-RED gives them, 16 hexadecimal digits. It takes a name that is there already; to make one of
 * its own takes it ten times as long.
 */
export function messageNames(): () => string {
  let count = 0;
  let stem = '';
  return () => {
    if (count === 0) stem = hexadecimal(Math.floor(Math.random() * 0x10000000000), 10);
    const name = stem + hexadecimal(count, 6);
    count = (count + 1) % 0x1000000;
    return name;
  };
}

function hexadecimal(figure: number, digits: number): string {
  return figure.toString(16).padStart(digits, '0');
}

/** A message for one output. */
export function toPort(port: number, msg: Msg): (Msg | null)[] {
  return [...Array<null>(port).fill(null), msg];
}
