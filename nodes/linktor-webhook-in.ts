import { traceparentIn } from '../lib/client';
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

/** Emit webhook deliveries; only correctly signed ones pass. */
export default trigger({
  type: 'linktor-webhook-in',
  outputs: ['event', 'rejected'],
  ownStatus: true,
  fields: {
    path: path({ icon: 'globe' }),
    secret: secret('signing', { hint: true, icon: 'key', generate: true }),
    previousSecret: secret('signing', { icon: 'history', advanced: true }),
    scheme: choice(['auto', 'body', 'timestamp'], { icon: 'shield', advanced: true }),
    tolerance: number(300, { min: 0, max: 86_400, unit: 's', icon: 'clock-o', advanced: true }),
    requireTimestamp: flag(false, { icon: 'clock-o', advanced: true }),
    maxAge: number(0, { min: 0, max: 8760, unit: 'h', icon: 'hourglass-end', advanced: true, startValue: 24 }),
    events: text('', { hint: true, icon: 'filter' }),
    maxBodyMb: number(1, { min: 0.001, max: 25, unit: 'MB', icon: 'arrows-h', advanced: true }),
    duplicates: choice(['drop', 'mark'], { icon: 'clone', advanced: true }),
    feedBus: flag(true, { icon: 'share-alt', advanced: true }),
    outputs: choice(['1', '2'], { icon: 'sign-out' }),
  },
  listen({ values, nodeId, configId, webhookSecrets, serve, status, emit, isFirst, once, feed, isClosed }) {
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
        // Unsigned data such as headers is not used to detect duplicates.
        const eventId = event.id !== undefined && event.id.length <= MAX_ID_LENGTH ? event.id : digestOf(body);
        const pass = (duplicate: boolean): number | Promise<number> => {
          const fed = values.feedBus && !duplicate ? feed(event) : undefined;
          return fed === undefined ? tell(duplicate) : fed.then(() => tell(duplicate));
        };
        const tell = (duplicate: boolean): number => {
          // A deploy has ended the flow meanwhile: the sender tries again.
          if (isClosed()) return 503;
          if (!wanted(event.name) || (duplicate && values.duplicates === 'drop')) return 200;
          const trace = traceparentIn(headers.traceparent?.[0]);
          const facts = { configId, event: event.name, source: 'webhook', scheme: verdict.scheme, deliveryId };
          // Other nodes may deliver the fed event after this flow has run, so the flow gets a copy.
          const msg = messageOf(event, values.feedBus ? copyOf(event.original) : event.original, duplicate, facts);
          emit(trace === undefined ? msg : { ...msg, traceparent: trace });
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
 * Pass an event on in only one of several instances. The response is 503, so that the sender retries, when the store is
 * down, and while another instance handles the event, as that instance may fail.
 */
async function passOnce(
  taking: ReturnType<NonNullable<TriggerContext<never>['once']>>,
  pass: (duplicate: boolean) => number | Promise<number>,
  storeDown: () => void,
): Promise<number> {
  try {
    const { state, done } = await taking;
    if (state !== 'free') return state === 'done' ? pass(true) : 503;
    const status = await pass(false);
    if (status !== 200) return status;
    // The event has been passed on, even if this cannot be recorded: the answer does not wait for it.
    done().catch(storeDown);
    return status;
  } catch (error) {
    if (!(error instanceof LinktorError) || error.code !== 'storage') throw error;
    storeDown();
    return 503;
  }
}

/** Maximum length of an id that is remembered as it is, in UTF-16 units. */
const MAX_ID_LENGTH = 256;
const HOUR_MS = 60 * 60 * 1000;

/** @returns milliseconds since the time in the signed body; negative for the future, 0 without a time */
function ageOf({ original }: Event): number {
  try {
    return Date.now() - readTime((original as { timestamp?: unknown }).timestamp, 'timestamp').getTime();
  } catch {
    return 0;
  }
}

/** @returns the event, or undefined when the body is not an event */
function decoded(body: Buffer): Event | undefined {
  try {
    return decodeEvent(body);
  } catch (error) {
    if (error instanceof LinktorError) return undefined;
    throw error;
  }
}

/** @param original the event for the message, possibly a copy */
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
/** Headers of this request only; a later http request node would send them as its own. */
const hop =
  /^(?:host|connection|keep-alive|expect|te|trailer|upgrade|content-(?:length|encoding|type)|transfer-encoding)$/i;

function masked(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !hop.test(name))
      .map(([name, values = []]) => [name, sensitive.test(name) ? '***' : values.join(', ')]),
  );
}
