import { type ErrorCode, invalid, type LinktorError } from '../lib/errors';
import type { SocketState } from '../lib/realtime';
import { copyOf } from './kit/copy';
import { trigger } from './kit/define';
import { checks, number } from './kit/fields';
import type { Msg } from './kit/red';

const actions = ['status', 'connect', 'disconnect', 'reconnect', 'whoami', 'health', 'metrics', 'prometheus'];
const states = ['connected', 'disconnected', 'reconnecting', 'unauthorized', 'rate_limited', 'health'] as const;

/** timeout of a health check, seconds */
const HEALTH_TIMEOUT_S = 10;

interface Health {
  ok: boolean;
  /** milliseconds */
  latency: number;
  at: string;
  error?: { code: ErrorCode; message: string };
}

/** Report the state of the connection, and control it by messages. */
export default trigger({
  type: 'linktor-connection',
  outputs: ['state'],
  inputs: 1,
  fields: {
    states: checks(states, ['connected', 'disconnected', 'unauthorized', 'health'], { icon: 'heartbeat' }),
    healthEvery: number(0, { min: 0, max: 86_400, unit: 's', icon: 'clock-o' }),
  },
  listen(context) {
    const { values, configId, client, signal, connection, onEvent, emit, onClose, background, fenced, status } =
      context;
    const wanted = new Set<string>(values.states);
    let health: Health | undefined;

    const facts = () => {
      const { since, ...socket } = connection.facts();
      const { waiting: queue, rate } = client.load;
      return { ...socket, since: new Date(since).toISOString(), rest: copyOf(health), queue, rate };
    };
    const told = (payload: unknown, more: object = {}): Msg => ({
      topic: 'connection',
      ...more,
      payload,
      connection: facts(),
      linktor: { configId, event: 'connection' },
    });
    const tell = (word: string, kind = word) => {
      if (wanted.has(kind)) emit(told(word));
    };

    // A listener keeps the connection open while it is monitored.
    onEvent(() => {});
    let said = wordOf(connection.state);
    const say = (word: string) => {
      said = word;
      tell(word);
    };
    onClose(
      connection.onState(
        fenced((state: SocketState) => {
          const word = wordOf(state);
          if (said === 'connected' && word !== said) say('disconnected');
          if (word === 'reconnecting') tell(word);
          else if (word !== 'connecting' && word !== said) say(word);
        }),
      ),
    );
    let limitedUntil = 0;
    onClose(
      client.onLimit(
        fenced((until: number) => {
          const isNews = Date.now() >= limitedUntil;
          limitedUntil = until;
          if (isNews) tell('rate_limited');
        }),
      ),
    );

    async function check(): Promise<Health | undefined> {
      const began = Date.now();
      const error = await client.auth.me({ timeout: HEALTH_TIMEOUT_S }).then(
        () => undefined,
        ({ code, message }: LinktorError) => ({ code, message }),
      );
      if (signal.aborted) return undefined;
      const before = health;
      const at = new Date();
      health = {
        ok: error === undefined,
        latency: at.getTime() - began,
        at: at.toISOString(),
        ...(error && { error }),
      };
      if (health.ok === (before?.ok ?? true)) return health;
      if (error) status(error.code);
      else if (connection.state.name === 'open') status('connected');
      tell(health.ok ? 'healthy' : 'unhealthy', 'health');
      return health;
    }
    let timer: NodeJS.Timeout | undefined;
    const again = () => {
      if (values.healthEvery === 0 || signal.aborted) return;
      timer = setTimeout(
        fenced(() => background(check().finally(again))),
        values.healthEvery * 1000,
      );
    };
    again();
    onClose(() => clearTimeout(timer));

    return async (msg) => {
      switch (msg.action ?? 'status') {
        case 'connect':
          refuseOff(connection.state);
          return connection.connect();
        case 'disconnect':
          return connection.disconnect();
        case 'reconnect':
          refuseOff(connection.state);
          return connection.reconnect();
        case 'status':
          return emit(told(wordOf(connection.state), msg));
        case 'whoami':
          return emit(told({ user: await client.auth.me(), tenant: await client.auth.tenant() }, msg));
        case 'metrics':
          return emit(told(context.figures(), msg));
        case 'prometheus':
          return emit(told(context.prometheus(), msg));
        case 'health': {
          const found = await check();
          return found && emit(told(found.ok ? 'healthy' : 'unhealthy', msg));
        }
        default:
          throw invalid(`msg.action must be one of ${actions.join(', ')}.`);
      }
    };
  },
});

/** @throws LinktorError `validation` */
function refuseOff({ name }: SocketState): void {
  if (name !== 'webhooks_only' && name !== 'no_realtime') return;
  throw invalid('This account opens no connection.', 'Set "Receive" of the account to automatic, and deploy.');
}

function wordOf(state: SocketState): string {
  switch (state.name) {
    case 'open':
    case 'sharing':
      return 'connected';
    case 'connecting':
      return 'connecting';
    case 'waiting':
      return 'reconnecting';
    case 'refused':
      return state.code === 'authentication' || state.code === 'authorization' ? 'unauthorized' : 'disconnected';
    default:
      return 'disconnected';
  }
}
