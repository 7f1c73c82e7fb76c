import { invalid, LinktorError } from '../lib/errors';
import { attachmentsOf, wordsOf } from '../lib/messages/incoming';
import type { Event } from '../lib/model';
import { globs, readList, readTime } from '../lib/text';
import { decodeEvent, digestOf, type Scheme, verify } from '../lib/webhooks';
import { copyOf } from './kit/copy';
import { type TriggerContext, trigger } from './kit/define';
import { choice, flag, number, path, secret, text } from './kit/fields';
import type { Msg } from './kit/red';

const signatureHeader = 'x-linktor-signature';
const timestampHeader = 'x-linktor-timestamp';
type Headers = Readonly<NodeJS.Dict<string[]>>;

/** A signed delivery has arrived. Only what somebody with the secret has sent gets any further. */
export default trigger({
  type: 'linktor-webhook-in',
  outputs: ['event', 'rejected'],
  ownStatus: true,
  fields: {
    path: path({ icon: 'globe' }),
    secret: secret('signing', { icon: 'key', generate: true }),
    previousSecret: secret('signing', { icon: 'history', advanced: true }),
    scheme: choice(['auto', 'body', 'timestamp'], { icon: 'shield', advanced: true }),
    tolerance: number(300, { min: 0, max: 86_400, unit: 's', icon: 'clock-o', advanced: true }),
    requireTimestamp: flag(false, { icon: 'clock-o', advanced: true }),
    maxAge: number(0, { min: 0, max: 8760, unit: 'h', icon: 'hourglass-end', advanced: true, startValue: 24 }),
    events: text('', { icon: 'filter' }),
    maxBodyMb: number(1, { min: 0.001, max: 25, unit: 'MB', icon: 'arrows-h', advanced: true }),
    duplicates: choice(['drop', 'mark'], { icon: 'clone', advanced: true }),
    feedBus: flag(true, { icon: 'share-alt', advanced: true }),
    outputs: choice(['1', '2'], { icon: 'sign-out' }),
  },
  listen({ values, nodeId, configId, webhookSecrets, serve, status, emit, isFirst, once, feed }) {
    const own = [values.secret, values.previousSecret].filter((one) => one !== '');
    const secrets = own.length > 0 ? own : webhookSecrets;
    if (secrets.length === 0) {
      throw invalid('There is no webhook secret.', 'Enter it in this node or in its Linktor account.');
    }
    const wanted = globs(readList(values.events, 'events'));

    const reject = (reason: string, headers: Headers, facts: object = {}): void => {
      status(reason.endsWith('_signature') ? 'bad_signature' : 'rejected', { reason });
      if (values.outputs === '2') {
        emit(
          { payload: reason, topic: 'rejected', reason, headers: masked(headers), ...facts, linktor: { configId } },
          1,
        );
      }
    };

    serve({
      path: values.path || `/linktor/${nodeId}`,
      maxBytes: values.maxBodyMb * 1024 * 1024,
      timeoutMs: 10_000,
      refuse: reject,
      receive({ headers, body }) {
        const signature = headers[signatureHeader] ?? [];
        const timestamp = headers[timestampHeader] ?? [];
        const scheme = values.scheme as Scheme;
        const { tolerance, requireTimestamp } = values;
        const verdict = verify({ body, signature, timestamp, secrets, scheme, tolerance, requireTimestamp });
        if (!verdict.valid) {
          reject(verdict.reason, headers, verdict.skew === undefined ? {} : { skew: verdict.skew });
          return 401;
        }
        const event = decoded(body);
        if (!event) {
          reject('bad_json', headers);
          return 400;
        }
        const age = ageOf(event);
        if (values.maxAge > 0 && age > values.maxAge * HOUR_MS) {
          reject('too_old', headers, { skew: -Math.round(age / 1000) });
          return 401;
        }
        status('verified', { at: Date.now() });
        const deliveryId = event.id ?? headers['x-linktor-delivery-id']?.[0];
        // What nobody has signed, such as a header, neither makes an event look old nor new.
        const eventId = event.id ?? digestOf(body);
        const pass = (duplicate: boolean): number => {
          if (values.feedBus && !duplicate) feed(event);
          if (!wanted(event.name) || (duplicate && values.duplicates === 'drop')) return 200;
          const facts = { configId, event: event.name, source: 'webhook', scheme: verdict.scheme, deliveryId };
          // What has been fed is still to be told by others, perhaps only when this flow has run.
          emit(messageOf(event, values.feedBus ? copyOf(event.original) : event.original, duplicate, facts));
          return 200;
        };
        return once ? passOnce(once(eventId), pass, () => status('store_down')) : pass(!isFirst(eventId));
      },
    });
    status('listening');
    return undefined;
  },
});

/**
 * Of several instances one passes an event on. One that cannot know answers 503, and the sender tries again; so does one
 * that gets it while another instance is at work with it, for that one may not come to its end.
 */
async function passOnce(
  taking: ReturnType<NonNullable<TriggerContext<never>['once']>>,
  pass: (duplicate: boolean) => number,
  storeDown: () => void,
): Promise<number> {
  try {
    const { state, done } = await taking;
    if (state !== 'free') return state === 'done' ? pass(true) : 503;
    const status = pass(false);
    // It has been passed on, whether that can be written down or not.
    await done().catch(storeDown);
    return status;
  } catch (error) {
    if (!(error instanceof LinktorError) || error.code !== 'storage') throw error;
    storeDown();
    return 503;
  }
}

const HOUR_MS = 60 * 60 * 1000;

/** @returns milliseconds since the time in the signed body; below 0 for the future, 0 when it says none */
function ageOf({ original }: Event): number {
  try {
    return Date.now() - readTime((original as { timestamp?: unknown }).timestamp, 'timestamp').getTime();
  } catch {
    return 0;
  }
}

/** @returns undefined when it is no event */
function decoded(body: Buffer): Event | undefined {
  try {
    return decodeEvent(body);
  } catch (error) {
    if (error instanceof LinktorError) return undefined;
    throw error;
  }
}

/** @param original of the event, the message's own */
function messageOf(event: Event, original: unknown, duplicate: boolean, facts: object): Msg {
  const { data } = original as { data?: unknown };
  const { conversationId, messageId, message } = event;
  const msg: Msg = { payload: data ?? {}, topic: event.name, event: original, linktor: facts };
  if (conversationId !== undefined) msg.conversationId = conversationId;
  if (messageId !== undefined) msg.messageId = messageId;
  if (message)
    Object.assign(msg, {
      text: wordsOf(message),
      contentType: message.contentType,
      attachments: attachmentsOf(message),
    });
  if (duplicate) msg.duplicate = true;
  return msg;
}

const sensitive = /auth|cookie|signature|token|key|secret/i;
/** Of that one request only; an http request node further on would take them for its own. */
const hop =
  /^(?:host|connection|keep-alive|expect|te|trailer|upgrade|content-(?:length|encoding|type)|transfer-encoding)$/i;

function masked(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !hop.test(name))
      .map(([name, values = []]) => [name, sensitive.test(name) ? '***' : values.join(', ')]),
  );
}
