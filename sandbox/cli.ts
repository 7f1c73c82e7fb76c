import { parseArgs } from 'node:util';
import { type Sandbox, type SandboxOptions, startSandbox } from './index';
import page from './page/index.html';
import { withWords } from './page/words';
import { FAMILIES } from './routes/families';
import { readHabits, type ServerHabit } from './sim/habits';

const USAGE = `Usage: linktor-sandbox [options]

A Linktor on your own machine, with a chat page. Everything is kept in memory.

  --port <number>            port to listen on (default 4010; the next free one if taken)
  --contract api|server      the documented API, or the open-source server that differs from it (default api)
  --announces                server only: let its socket announce messages, which today's does not
  --nats <url>               server only: publish events to this NATS server (nats://user:password@host:4222)
  --habits <names>           server only: habits of the real server, by name with commas, or none (default all)
  --family <name>            api only: union, typescript, rust or java, where the SDKs contradict each other (default union)
  --broadcast                api only: send every frame to every socket, subscribed or not
  --receipts auto|manual     let messages be delivered and read by themselves, or not (default auto)
  --idempotency              api only: honour the Idempotency-Key header
  --help                     show this text
`;
const MAX_PORT_TRIES = 50;

class UsageError extends Error {}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(USAGE);
    return;
  }
  const sandbox = await listen({ ...options, page: withWords(page), log: (line) => process.stderr.write(`${line}\n`) });
  process.stdout.write(
    [
      'The Linktor sandbox is running. Stop it with Ctrl-C.',
      `  Chat page  ${sandbox.url}/`,
      ...(options.contract === 'api'
        ? [`  API URL    ${sandbox.url}`, '  API key    sandbox-key']
        : [`  API URL    ${sandbox.url}/api/v1`]),
      '  User       demo@linktor.local / sandbox',
      '',
    ].join('\n'),
  );
  const stop = (): void => {
    sandbox.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** The options, or undefined for --help. */
function readOptions(args: string[]): (SandboxOptions & { port: number }) | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new UsageError(`--port ${values.port} is not a port number`);
  const { receipts, contract } = values;
  if (contract !== 'api' && contract !== 'server')
    throw new UsageError(`--contract ${contract}: it is either api or server`);
  if (receipts !== 'auto' && receipts !== 'manual')
    throw new UsageError(`--receipts ${receipts}: it is either auto or manual`);
  const { announces, broadcast, idempotency } = values;
  const habits = values.habits === undefined ? undefined : habitsOf(values.habits);
  if (habits && contract === 'api') throw new UsageError('--habits is for --contract server only');
  if (announces && contract === 'api') throw new UsageError('--announces is for --contract server only');
  const family = FAMILIES.find((known) => known === values.family);
  if (!family) throw new UsageError(`--family ${values.family}: it is one of ${FAMILIES.join(', ')}`);
  if (family !== 'union' && contract === 'server') throw new UsageError('--family is for --contract api only');
  if ((broadcast || idempotency) && contract === 'server')
    throw new UsageError('--broadcast and --idempotency are for --contract api only');
  const { nats } = values;
  if (nats !== undefined && contract === 'api') throw new UsageError('--nats is for --contract server only');
  return { port, contract, family, receipts, announces, habits, nats, broadcast, idempotency };
}

function habitsOf(text: string): ServerHabit[] {
  try {
    return readHabits(text.split(',').map((name) => name.trim()));
  } catch (error) {
    throw new UsageError(`--${error instanceof Error ? error.message : String(error)}`);
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        port: { type: 'string', default: '4010' },
        contract: { type: 'string', default: 'api' },
        receipts: { type: 'string', default: 'auto' },
        announces: { type: 'boolean', default: false },
        family: { type: 'string', default: 'union' },
        habits: { type: 'string' },
        nats: { type: 'string' },
        broadcast: { type: 'boolean', default: false },
        idempotency: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Starts on the requested port, or on the first free one above it. */
async function listen(options: SandboxOptions & { port: number }): Promise<Sandbox> {
  const last = options.port === 0 ? 0 : Math.min(options.port + MAX_PORT_TRIES, 65_535);
  for (let port = options.port; ; port += 1) {
    try {
      const sandbox = await startSandbox({ ...options, port });
      if (port !== options.port) process.stdout.write(`Port ${options.port} is taken, using ${port} instead.\n`);
      return sandbox;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port >= last) throw error;
    }
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`linktor-sandbox: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
